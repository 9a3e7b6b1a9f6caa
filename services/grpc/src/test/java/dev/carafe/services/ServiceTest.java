package dev.carafe.services;

import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test of services over a fresh {@link Wire}. */
@ExtendWith(LeakCheck.class)
abstract class ServiceTest {
  Wire wire;

  @BeforeEach
  void open(WorkDirectory work) {
    wire = work.closeLater(new Wire(work.path()));
    connect();
  }

  /** Makes the clients. */
  abstract void connect();
}
