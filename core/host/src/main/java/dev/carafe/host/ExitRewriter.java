package dev.carafe.host;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Turns calls that would end the daemon into calls of {@link PluginExits}, which throw; method
 * references too. What is called by reflection, method handles or native code is not seen.
 */
final class ExitRewriter {
  private static final ClassDesc SYSTEM = ClassDesc.of("java.lang.System");
  private static final ClassDesc RUNTIME = ClassDesc.of("java.lang.Runtime");
  private static final ClassDesc EXITS = ClassDesc.of("dev.carafe.host.PluginExits");
  private static final MethodTypeDesc STATUS =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int);
  private static final MethodTypeDesc OF_RUNTIME =
      MethodTypeDesc.of(ConstantDescs.CD_void, RUNTIME, ConstantDescs.CD_int);
  private static final byte[] EXIT = "exit".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] HALT = "halt".getBytes(StandardCharsets.US_ASCII);

  private ExitRewriter() {}

  /** Whether a class may have such a call; a quick look. */
  static boolean mayExit(byte[] bytes) {
    return contains(bytes, EXIT) || contains(bytes, HALT);
  }

  /**
   * The class with other calls in place of those.
   *
   * @param loader finds the classes that it names
   * @throws IllegalArgumentException if it is no class
   */
  static byte[] rewrite(byte[] bytes, ClassLoader loader) {
    ClassHierarchyResolver resolver =
        ClassHierarchyResolver.ofResourceParsing(loader)
            .orElse(ClassHierarchyResolver.ofResourceParsing(ExitRewriter.class.getClassLoader()))
            .orElse(ClassHierarchyResolver.defaultResolver());
    ClassFile file = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(resolver));
    ClassModel model = file.parse(bytes);
    return file.transformClass(
        model, ClassTransform.transformingMethodBodies(CodeTransform.ofStateful(Calls::new)));
  }

  /** Rewrites the calls of one method. */
  private static final class Calls implements CodeTransform {
    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      switch (element) {
        case InvokeInstruction call -> {
          MethodTypeDesc type =
              replaced(call.owner().asSymbol(), call.name().stringValue(), call.typeSymbol());
          if (type == null) {
            code.with(element);
          } else {
            code.invokestatic(EXITS, call.name().stringValue(), type);
          }
        }
        case InvokeDynamicInstruction call -> code.invokedynamic(replaced(call));
        default -> code.with(element);
      }
    }

    /** What a call is to be of, or null if it stays. */
    private static @Nullable MethodTypeDesc replaced(
        ClassDesc owner, String name, MethodTypeDesc type) {
      if (!type.equals(STATUS)) {
        return null;
      }
      if (owner.equals(SYSTEM) && name.equals("exit")) {
        return STATUS;
      }
      return owner.equals(RUNTIME) && (name.equals("exit") || name.equals("halt"))
          ? OF_RUNTIME
          : null;
    }

    private static DynamicCallSiteDesc replaced(InvokeDynamicInstruction call) {
      ConstantDesc[] arguments = call.bootstrapArgs().toArray(ConstantDesc[]::new);
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i] instanceof DirectMethodHandleDesc handle) {
          arguments[i] = replaced(handle);
        }
      }
      return DynamicCallSiteDesc.of(
          call.bootstrapMethod(), call.name().stringValue(), call.typeSymbol(), arguments);
    }

    private static DirectMethodHandleDesc replaced(DirectMethodHandleDesc handle) {
      MethodTypeDesc type =
          handle.lookupDescriptor().startsWith("(")
              ? replaced(
                  handle.owner(),
                  handle.methodName(),
                  MethodTypeDesc.ofDescriptor(handle.lookupDescriptor()))
              : null;
      return type == null
          ? handle
          : MethodHandleDesc.ofMethod(
              DirectMethodHandleDesc.Kind.STATIC, EXITS, handle.methodName(), type);
    }
  }

  private static boolean contains(byte[] bytes, byte[] word) {
    for (int i = 0; i <= bytes.length - word.length; i++) {
      int same = 0;
      while (same < word.length && bytes[i + same] == word[same]) {
        same++;
      }
      if (same == word.length) {
        return true;
      }
    }
    return false;
  }
}
