/**
 * The rules of the code base, as tests over the compiled classes and the sources of all modules.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@code ModuleRulesTest}: which module may see which
 *   <li>{@code CodeRulesTest}: which code may use what
 *   <li>{@code SourceRulesTest}: what every module and file must have
 * </ul>
 *
 * No rule is frozen: who breaks one mends the code, or changes the rule with a reason.
 */
@NullMarked
package dev.carafe.architecture;

import org.jspecify.annotations.NullMarked;
