package dev.carafe.plugin.runtime.wasm;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import org.jspecify.annotations.Nullable;

/**
 * A path as a module sees it. Names are treated as the platform's paths treat them; what a name
 * means is {@link GuestProvider}'s alone.
 */
final class GuestPath implements Path {
  private final GuestFileSystem files;
  private final Path names;

  GuestPath(GuestFileSystem files, Path names) {
    this.files = files;
    this.names = names;
  }

  private @Nullable GuestPath of(@Nullable Path other) {
    return other == null ? null : new GuestPath(files, other);
  }

  private static Path names(Path path) {
    if (path instanceof GuestPath guest) {
      return guest.names;
    }
    throw new ProviderMismatchException();
  }

  @Override
  public FileSystem getFileSystem() {
    return files;
  }

  @Override
  public boolean isAbsolute() {
    return names.isAbsolute();
  }

  @Override
  public @Nullable Path getRoot() {
    return of(names.getRoot());
  }

  @Override
  public @Nullable Path getFileName() {
    return of(names.getFileName());
  }

  @Override
  public @Nullable Path getParent() {
    return of(names.getParent());
  }

  @Override
  public int getNameCount() {
    return names.getNameCount();
  }

  @Override
  public Path getName(int index) {
    return new GuestPath(files, names.getName(index));
  }

  @Override
  public Path subpath(int begin, int end) {
    return new GuestPath(files, names.subpath(begin, end));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof GuestPath guest && names.startsWith(guest.names);
  }

  @Override
  public boolean endsWith(Path other) {
    return other instanceof GuestPath guest && names.endsWith(guest.names);
  }

  @Override
  public Path normalize() {
    return new GuestPath(files, names.normalize());
  }

  @Override
  public Path resolve(Path other) {
    return new GuestPath(files, names.resolve(names(other)));
  }

  @Override
  public Path resolve(String other) {
    return new GuestPath(files, names.resolve(other));
  }

  @Override
  public Path relativize(Path other) {
    return new GuestPath(files, names.relativize(names(other)));
  }

  @Override
  public URI toUri() {
    return URI.create("guest://" + names.toAbsolutePath().toUri().getRawPath());
  }

  @Override
  public Path toAbsolutePath() {
    return new GuestPath(files, Path.of("/").resolve(names));
  }

  @Override
  public Path toRealPath(LinkOption... options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int compareTo(Path other) {
    return names.compareTo(names(other));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GuestPath guest && guest.files == files && guest.names.equals(names);
  }

  @Override
  public int hashCode() {
    return names.hashCode();
  }

  @Override
  public String toString() {
    return names.toString();
  }
}
