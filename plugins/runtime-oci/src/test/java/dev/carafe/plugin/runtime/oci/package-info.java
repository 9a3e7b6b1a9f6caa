/**
 * Tests against real runtimes: {@code RuntimeConformance} is what any task runtime has to do, the
 * rest is about this one. {@code Sandbox} makes and checks everything on the machine.
 */
package dev.carafe.plugin.runtime.oci;
