// What Swift cannot call (varargs), and the loops that would cost a crossing per message.

#ifndef C_KAFKA_SHIM_H
#define C_KAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

// One event of a consumer's queue. It lives until rd_kafka_event_destroy(event).
typedef struct shim_event {
    rd_kafka_event_t *event;
    const rd_kafka_message_t *message; // the record; NULL for every other kind of event
} shim_event_t;

// Takes up to max events that are waiting in the queue, never blocking; returns how many.
//
// Each is polled by itself, and its message taken at once: message_next records the offset up to
// which the application has read, and that is where a partition goes on after pause and resume.
// (rd_kafka_consume_batch_queue skips offsets when a pause falls into it, before 2.1.0.) The caller
// must hold off pause, resume and assign meanwhile: a pause between the poll and message_next
// would deliver that message again.
size_t shim_drain(rd_kafka_queue_t *queue, size_t max, shim_event_t *out);

typedef struct shim_batch shim_batch_t;

// Where one message's delivery report goes; its address is the message's opaque.
typedef struct shim_report {
    shim_batch_t *batch;
    int64_t offset;
    int32_t partition;
    rd_kafka_resp_err_t error;
    char *topic; // of a message that failed, where it is known; its batch owns it
} shim_report_t;

// Messages that were sent together, and what became of them.
struct shim_batch {
    shim_batch_t *next; // in a list of finished batches
    void *owner;
    size_t count;
    size_t remaining; // reports that are still to come; only the delivery thread touches it
    shim_report_t *reports;
};

// NULL when memory is exhausted.
shim_batch_t *shim_batch_new(size_t count, void *owner);
void shim_batch_destroy(shim_batch_t *batch);

// Hands one message over, copying key and value. NULL is no key and no value; an empty one is a
// pointer with length 0. Takes the headers (NULL for none), whether it succeeds or not.
rd_kafka_resp_err_t shim_produce(rd_kafka_t *client, shim_report_t *report, const char *topic,
                                 int32_t partition, const void *key, size_t key_length,
                                 const void *value, size_t value_length,
                                 rd_kafka_headers_t *headers);

typedef struct shim_delivered {
    size_t reports;
    shim_batch_t *first, *last; // finished batches, linked in the order in which they finished
    rd_kafka_event_t *other;    // an event that is not a delivery report; the caller destroys it
} shim_delivered_t;

// Waits up to timeout_ms for an event, then writes down all delivery reports that are waiting, up
// to another kind of event or max_events.
shim_delivered_t shim_serve_reports(rd_kafka_queue_t *queue, int timeout_ms, size_t max_events);

// Notes the end of a report's message: 1 if it was the last one of its batch.
void shim_report_done(shim_delivered_t *delivered, shim_report_t *report);

// Runs body(context) on a thread of its own that nobody joins; 0 on success.
int shim_start_thread(void (*body)(void *context), void *context);

#endif
