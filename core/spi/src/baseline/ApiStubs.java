import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Makes of a jar one with nothing but its public and protected signatures, the same bytes each
 * time: {@code java ApiStubs.java JAR STUBS}. A release keeps it as what japicmp compares with.
 */
final class ApiStubs {
  public static void main(String[] args) throws IOException {
    try (JarFile jar = new JarFile(args[0]);
        OutputStream file = Files.newOutputStream(Path.of(args[1]));
        ZipOutputStream out = new ZipOutputStream(file)) {
      List<JarEntry> classes =
          jar.stream()
              .filter(entry -> entry.getName().endsWith(".class"))
              .sorted((a, b) -> a.getName().compareTo(b.getName()))
              .toList();
      for (JarEntry entry : classes) {
        try (InputStream in = jar.getInputStream(entry)) {
          ZipEntry stub = new ZipEntry(entry.getName());
          stub.setTimeLocal(java.time.LocalDateTime.of(1980, 1, 1, 0, 0));
          out.putNextEntry(stub);
          out.write(stub(in.readAllBytes()));
          out.closeEntry();
        }
      }
    }
  }

  private static byte[] stub(byte[] bytes) {
    ClassModel model = ClassFile.of().parse(bytes);
    return ClassFile.of(ClassFile.ConstantPoolSharingOption.NEW_POOL)
        .transformClass(
            model,
            (builder, element) -> {
              switch (element) {
                case FieldModel field when !isApi(field.flags().flags()) -> {}
                case MethodModel method when !isApi(method.flags().flags()) -> {}
                case MethodModel method ->
                    builder.transformMethod(
                        method,
                        (inner, part) -> {
                          if (!(part instanceof CodeAttribute)) {
                            inner.with(part);
                          }
                        });
                case SourceFileAttribute _ -> {}
                default -> builder.with(element);
              }
            });
  }

  private static boolean isApi(Set<AccessFlag> flags) {
    return flags.contains(AccessFlag.PUBLIC) || flags.contains(AccessFlag.PROTECTED);
  }
}
