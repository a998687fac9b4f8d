using Kopis.Queue.Commands;

namespace Kopis.Host.Status;

/// <summary>What health is judged by. Null is what could not be found out.</summary>
internal sealed record HealthFacts
{
    /// <summary>Now.</summary>
    internal required DateTimeOffset Now { get; init; }

    /// <summary>qmail-send.</summary>
    internal required PartState Send { get; init; }

    /// <summary>The queue writer.</summary>
    internal required PartState Writer { get; init; }

    /// <summary>qmail-journal.</summary>
    internal required PartState Journal { get; init; }

    /// <summary>Processes of the host.</summary>
    internal IReadOnlyList<HostProcess> Processes { get; init; } = [];

    /// <summary>The queue in numbers.</summary>
    internal QueueSummary? Queue { get; init; }

    /// <summary>Its busiest destinations.</summary>
    internal IReadOnlyList<ListedDestination> Busy { get; init; } = [];

    /// <summary>Bytes that may still be written to the queue's disk.</summary>
    internal long? FreeBytes { get; init; }

    /// <summary>Files that may still be made there.</summary>
    internal long? FreeFiles { get; init; }

    /// <summary>When the certificate ends.</summary>
    internal DateTimeOffset? CertificateUntil { get; init; }

    /// <summary>Records that the journal has lost in the last hour.</summary>
    internal double Lost { get; init; }
}
