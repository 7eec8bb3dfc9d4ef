#ifndef C_KAFKA_SHIM_H
#define C_KAFKA_SHIM_H
#include <librdkafka/rdkafka.h>
#endif
