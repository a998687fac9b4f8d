namespace Kopis.Tools.Metrics;

/// <summary>All metrics (docs/MONITORING.md), in the order in which they are written.</summary>
public static class MetricCatalog
{
    // Metrics of qmail-journal.
    public const string JournalStart = "kopis_journal_start_time_seconds";
    public const string Records = "kopis_journal_records_total";
    public const string Lost = "kopis_journal_lost_total";
    public const string Hour = "kopis_last_hour_events";
    public const string Connections = "kopis_connections_total";
    public const string Logins = "kopis_logins_total";
    public const string Refusals = "kopis_refusals_total";
    public const string Checks = "kopis_checks_total";
    public const string Accepted = "kopis_accepted_messages_total";
    public const string AcceptedBytes = "kopis_accepted_bytes_total";
    public const string AcceptedRecipients = "kopis_accepted_recipients_total";
    public const string Tls = "kopis_tls_messages_total";
    public const string Batches = "kopis_sync_batches_total";
    public const string BatchMessages = "kopis_sync_messages_total";
    public const string Queued = "kopis_queued_messages_total";
    public const string Ended = "kopis_ended_messages_total";
    public const string Deliveries = "kopis_deliveries_total";
    public const string Failures = "kopis_delivery_failures_total";
    public const string AttemptTime = "kopis_attempt_duration_seconds";
    public const string DeliveryTime = "kopis_delivery_time_seconds";
    public const string Bounces = "kopis_bounces_total";

    /// <summary>1 if a part of the host answers.</summary>
    public const string Up = "kopis_up";

    /// <summary>Messages of the queue, by their state in qmail-send.</summary>
    public const string QueueMessages = "kopis_queue_messages";

    /// <summary>Recipients that wait or are being delivered.</summary>
    public const string QueueRecipients = "kopis_queue_recipients";

    /// <summary>Messages by channel and age.</summary>
    public const string QueueAges = "kopis_queue_channel_messages";

    /// <summary>The age of the oldest message, by channel.</summary>
    public const string QueueOldest = "kopis_queue_oldest_age_seconds";

    /// <summary>Messages that an administrator holds.</summary>
    public const string QueueHeld = "kopis_queue_held_messages";

    /// <summary>Deliveries under way.</summary>
    public const string Running = "kopis_deliveries_running";

    /// <summary>The limit of deliveries.</summary>
    public const string RunningMax = "kopis_deliveries_running_max";

    /// <summary>Destinations by state.</summary>
    public const string Destinations = "kopis_destinations";

    /// <summary>Recipients that wait for destinations.</summary>
    public const string DestinationsWaiting = "kopis_destination_waiting_recipients";

    /// <summary>Processes by program.</summary>
    public const string Processes = "kopis_processes";

    /// <summary>When the youngest process of a program began.</summary>
    public const string ProcessStart = "kopis_process_start_time_seconds";

    /// <summary>The memory of a program's processes.</summary>
    public const string ProcessMemory = "kopis_process_resident_memory_bytes";

    /// <summary>The processor time of a program's processes.</summary>
    public const string ProcessTime = "kopis_process_cpu_seconds_total";

    /// <summary>The free space on the queue's disk.</summary>
    public const string FreeBytes = "kopis_queue_disk_free_bytes";

    /// <summary>How many files can still be created there.</summary>
    public const string FreeFiles = "kopis_queue_disk_free_files";

    /// <summary>When the certificate expires.</summary>
    public const string Certificate = "kopis_certificate_expiry_time_seconds";

    /// <summary>The version that runs.</summary>
    public const string Build = "kopis_build_info";

    /// <summary>All families.</summary>
    public static IReadOnlyList<MetricFamily> All { get; } =
    [
        Gauge(Build, "The version of the program that answers."),
        Gauge(Up, "1 where a part of the host answers."),
        Counted(Connections, "Sessions that began, by service."),
        Counted(Logins, "Logins, by service and result."),
        Counted(Refusals, "Commands and messages that were refused, by check."),
        Counted(Checks, "Results of SPF, DKIM, DMARC and names, by check."),
        Counted(Accepted, "Messages taken into the queue, by who sent them."),
        Counted(AcceptedBytes, "Their bytes."),
        Counted(AcceptedRecipients, "Their recipients."),
        Counted(Tls, "Messages that came by SMTP, and remote deliveries, by version of TLS."),
        Counted(Batches, "Syncs of the queue writer."),
        Counted(BatchMessages, "Messages that these made durable."),
        Counted(Queued, "Messages that qmail-send has read."),
        Counted(Ended, "Messages that are finished."),
        Counted(Deliveries, "Attempts to deliver to one recipient, by channel and result."),
        Counted(Failures, "Remote attempts that were no success, by result and class."),
        Counted(
            AttemptTime, "How long an attempt took, by channel.", MetricKind.Histogram),
        Counted(
            DeliveryTime, "From arrival to success, in whole seconds, by channel.",
            MetricKind.Histogram),
        Counted(Bounces, "Bounces and notices, and bounces that nobody gets."),
        Gauge(QueueMessages, "Messages of the queue, in qmail-send's memory or on disk alone."),
        Gauge(QueueRecipients, "Recipients of those in memory that are not done."),
        Gauge(QueueAges, "Messages in memory with recipients of a channel, by age."),
        Gauge(QueueOldest, "The age of the oldest of these."),
        Gauge(QueueHeld, "Messages with recipients that an administrator holds."),
        Gauge(Running, "Deliveries that run."),
        Gauge(RunningMax, "Deliveries that may run at once."),
        Gauge(Destinations, "Destinations of remote mail, by state."),
        Gauge(DestinationsWaiting, "Recipients that are due and wait for them, by state."),
        Gauge(Processes, "Processes, by program."),
        Gauge(ProcessStart, "When the youngest of them began."),
        Gauge(ProcessMemory, "Their resident memory."),
        Counter(ProcessTime, "Their processor time."),
        Gauge(FreeBytes, "Bytes that may still be written to the queue's disk."),
        Gauge(FreeFiles, "Files that may still be made there."),
        Gauge(Certificate, "When control/servercert.pem ends."),
        Counted(JournalStart, "When qmail-journal began to count.", MetricKind.Gauge),
        Counted(Records, "Records of the journal."),
        Counted(Lost, "Records that are not in the journal, by reason."),
        Counted(Hour, "Events of the last hour.", MetricKind.Gauge),
    ];

    private static MetricFamily Counted(
        string name, string help, MetricKind kind = MetricKind.Counter) =>
        new(name, kind, help) { IsOfJournal = true };

    private static MetricFamily Counter(string name, string help) =>
        new(name, MetricKind.Counter, help);

    private static MetricFamily Gauge(string name, string help) =>
        new(name, MetricKind.Gauge, help);
}
