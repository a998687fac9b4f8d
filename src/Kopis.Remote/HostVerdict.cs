using Kopis.Mail.TlsReports;

namespace Kopis.Remote;

/// <summary>What is asked of TLS at one host of a destination.</summary>
/// <param name="Demand">What is asked.</param>
/// <param name="Policy">Which policy of the receiver that comes from, for reports; null where it
/// is not asked.</param>
internal sealed record HostVerdict(TlsDemand Demand, AppliedPolicy? Policy)
{
    /// <summary>Why nothing may be sent there; null: it may.</summary>
    internal RemoteReport? Refusal { get; init; }

    /// <summary>What was wrong before there was a session.</summary>
    internal TlsResultType Result { get; init; }

    /// <summary>The message's sender rather has it delivered: its connection is for none but
    /// its like.</summary>
    internal bool IsLax { get; init; }
}
