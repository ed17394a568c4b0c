"""Apache Kafka 4 as a process of its own (KRaft, one node): for developers (`make kafka`) and for the tests."""
