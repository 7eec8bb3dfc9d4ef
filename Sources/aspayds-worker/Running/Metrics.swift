import CoreMetrics
import Foundation
import Telemetry

/// The version of this program.
let programVersion = "0.1.0"

/// What the metrics of a process say; their names are promises, as those of topics are.
enum Metrics {
    /// Each metric's explanation, by its name.
    static let help = [
        "aspayds_build_info": "1, with the version as a label.",
        "process_start_time_seconds": "When the process began, in seconds since 1970.",
        "aspayds_commands_total": "Events published, by what they say.",
        "aspayds_provider_requests_total": "Requests to the provider, by how they ended.",
        "aspayds_provider_request_duration_seconds": "How long requests to the provider took.",
        "aspayds_command_duration_seconds": "From reading a command to its event in Kafka.",
        "aspayds_partitions_owned": "Partitions of the commands that are owned.",
        "aspayds_stopped_partitions": "Owned partitions that wait for a person.",
        "aspayds_lag_records": "Records of the owned partitions that are not finished.",
        "aspayds_in_flight": "Orders on their way to the provider.",
        "aspayds_waiting": "Commands that wait for a permit of the rate limit.",
        "aspayds_in_doubt": "References that may have been executed and are looked up.",
        "aspayds_oldest_in_doubt_seconds": "Age of the oldest doubt; 0 without one.",
        "aspayds_in_review": "References that need a person.",
        "aspayds_oldest_in_review_seconds": "Age of the oldest review; 0 without one.",
        "aspayds_tracked": "References that were accepted and whose end is not known.",
        "aspayds_rate_limit_per_second": "This process's part of the rate limit.",
        "aspayds_rate_used_ratio": "The part of the limit that was used, 0 to 1.",
        "aspayds_breaker_open": "1 while requests are held back.",
        "aspayds_intake_stopped": "1 while requests are held back for this reason.",
        "aspayds_figures_timestamp_seconds": "When these figures were taken; old if it hangs.",
        "aspayds_ledger_gaps_total": "Times that somebody else has written to a ledger of ours.",
        "aspayds_restore_remaining_records": "Ledger records that are still to be read.",
        "aspayds_dead_letters_total": "Records that cannot be processed.",
        "aspayds_webhooks_total": "Webhooks and returns, by what was made of them.",
    ]

    /// Shows what does not change, and takes in what libraries record.
    static func show(_ registry: MetricsRegistry) {
        MetricsSystem.bootstrap(registry)
        Meter(
            label: "aspayds_build_info",
            dimensions: [("version", programVersion)],
            factory: registry
        ).set(1)
        Meter(label: "process_start_time_seconds", dimensions: [], factory: registry)
            .set(Date.now.timeIntervalSince1970.rounded())
    }
}
