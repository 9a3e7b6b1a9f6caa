/**
 * What every task runtime has to do, checked as root with small programs.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.runtimes.TaskRuntimeConformance}: the suite; subclass it
 *   <li>{@link dev.carafe.testkit.runtimes.TaskRuntimeHarness}: how it opens the runtime
 *   <li>{@link dev.carafe.testkit.runtimes.TestPrograms}: what is run; busybox, WebAssembly
 *       modules, or an author's own
 *   <li>{@link dev.carafe.testkit.runtimes.RuntimeSandbox}: a root file system and what may be left
 *       over, for further tests
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.runtimes;

import org.jspecify.annotations.NullMarked;
