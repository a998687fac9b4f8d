using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Scheduling;

/// <summary>An order to a spawner: one recipient, or several of one message at one host.</summary>
/// <param name="Pass">The pass that it belongs to.</param>
/// <param name="Recipients">Indices of the message's recipients, in the order of the command.
/// </param>
internal sealed record Delivery(Pass Pass, int[] Recipients)
{
    internal QueuedMessage Message => Pass.Message;

    /// <summary>The recipients as the channel knows them.</summary>
    internal required ReadOnlyMemory<byte>[] Addresses { get; init; }

    /// <summary>Its line in the log was left out: it is expected to end as those before it.
    /// </summary>
    internal bool IsUnlisted { get; set; }

    /// <summary>Whose place it takes; null on the remote channel.</summary>
    internal MailUser? User { get; init; }

    /// <summary>Its place among remote deliveries; null on the local channel, and where it is put
    /// off without a try.</summary>
    internal Start? Start { get; init; }

    /// <summary>The way that its one recipient has been given; null: the usual one.</summary>
    internal byte[]? Route { get; init; }

    /// <summary>When it started, in Unix milliseconds.</summary>
    internal long StartedAt { get; init; }

    /// <summary>What its reports so far tell of the destination.</summary>
    internal AttemptResult Result { get; set; } = AttemptResult.Nothing;

    /// <summary>Its destination is dead: it is reported on without a try.</summary>
    internal Destination? PutOffBy { get; init; }

    /// <summary>Numbers for the log, one a recipient; set when the order goes out.</summary>
    internal ulong FirstNumber { get; set; }

    /// <summary>When it was made, in milliseconds of the system's running time.</summary>
    internal long OrderedAt { get; } = Environment.TickCount64;

    /// <summary>How many recipients have been reported.</summary>
    internal int Reported { get; set; }

    internal bool IsComplete => Reported == Recipients.Length;
}
