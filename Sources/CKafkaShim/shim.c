#include "CKafkaShim.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

size_t shim_drain(rd_kafka_queue_t *queue, size_t max, shim_event_t *out) {
    size_t count = 0;
    while (count < max) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 0);
        if (!event)
            break;
        const rd_kafka_message_t *message = NULL;
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_FETCH)
            message = rd_kafka_event_message_next(event);
        out[count++] = (shim_event_t) {.event = event, .message = message};
    }
    return count;
}

shim_batch_t *shim_batch_new(size_t count, void *owner) {
    shim_batch_t *batch = calloc(1, sizeof(*batch));
    if (!batch)
        return NULL;
    batch->reports = calloc(count, sizeof(*batch->reports));
    if (!batch->reports) {
        free(batch);
        return NULL;
    }
    batch->owner = owner;
    batch->count = batch->remaining = count;
    for (size_t i = 0; i < count; i++)
        batch->reports[i].batch = batch;
    return batch;
}

void shim_batch_destroy(shim_batch_t *batch) {
    for (size_t i = 0; i < batch->count; i++)
        free(batch->reports[i].topic);
    free(batch->reports);
    free(batch);
}

rd_kafka_resp_err_t shim_produce(rd_kafka_t *client, shim_report_t *report, const char *topic,
                                 int32_t partition, const void *key, size_t key_length,
                                 const void *value, size_t value_length,
                                 rd_kafka_headers_t *headers) {
    // producev, because produceva could free the headers twice (before 2.12).
    rd_kafka_resp_err_t error =
        headers ? rd_kafka_producev(
                      client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                      RD_KAFKA_V_KEY(key, key_length),
                      RD_KAFKA_V_VALUE((void *)value, value_length), RD_KAFKA_V_OPAQUE(report),
                      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END)
                : rd_kafka_producev(
                      client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                      RD_KAFKA_V_KEY(key, key_length),
                      RD_KAFKA_V_VALUE((void *)value, value_length), RD_KAFKA_V_OPAQUE(report),
                      RD_KAFKA_V_END);
    // librdkafka owns the headers from here on only if it took the message.
    if (error && headers)
        rd_kafka_headers_destroy(headers);
    return error;
}

void shim_report_done(shim_delivered_t *delivered, shim_report_t *report) {
    delivered->reports++;
    shim_batch_t *batch = report->batch;
    if (--batch->remaining > 0)
        return;
    if (delivered->last)
        delivered->last->next = batch;
    else
        delivered->first = batch;
    delivered->last = batch;
}

shim_delivered_t shim_serve_reports(rd_kafka_queue_t *queue, int timeout_ms, size_t max_events) {
    shim_delivered_t delivered = {0};
    for (size_t i = 0; i < max_events; i++) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, i == 0 ? timeout_ms : 0);
        if (!event)
            break;
        if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_DR) {
            delivered.other = event;
            break;
        }
        const rd_kafka_message_t *message;
        while ((message = rd_kafka_event_message_next(event))) {
            shim_report_t *report = message->_private;
            report->error = message->err;
            report->partition = message->partition;
            report->offset = message->offset;
            if (message->err && message->rkt && !report->topic)
                report->topic = strdup(rd_kafka_topic_name(message->rkt));
            shim_report_done(&delivered, report);
        }
        rd_kafka_event_destroy(event);
    }
    return delivered;
}

struct thread {
    void (*body)(void *context);
    void *context;
};

static void *thread_main(void *argument) {
    struct thread thread = *(struct thread *)argument;
    free(argument);
    thread.body(thread.context);
    return NULL;
}

int shim_start_thread(void (*body)(void *context), void *context) {
    struct thread *thread = malloc(sizeof(*thread));
    if (!thread)
        return -1;
    *thread = (struct thread) {.body = body, .context = context};
    pthread_t id;
    if (pthread_create(&id, NULL, thread_main, thread)) {
        free(thread);
        return -1;
    }
    pthread_detach(id);
    return 0;
}
