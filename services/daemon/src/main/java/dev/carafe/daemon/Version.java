package dev.carafe.daemon;

/** What this build is called. */
final class Version {
  static final String TEXT =
      Version.class.getPackage().getImplementationVersion() == null
          ? "development"
          : Version.class.getPackage().getImplementationVersion();

  private Version() {}
}
