using Kopis.Mail.TlsReports;

namespace Kopis.Remote;

/// <summary>What is required of TLS at one host of a destination.</summary>
/// <param name="Demand">The requirement.</param>
/// <param name="Policy">The receiver's policy that it comes from, for reports; null if receivers
/// are not asked.</param>
internal sealed record HostVerdict(TlsDemand Demand, AppliedPolicy? Policy)
{
    /// <summary>Why nothing may be sent there; null: mail may be sent.</summary>
    internal RemoteReport? Refusal { get; init; }

    /// <summary>The fault that was found before there was a session.</summary>
    internal TlsResultType Result { get; init; }

    /// <summary>Whether the message's sender prefers delivery to TLS. Its connection is shared only
    /// by such messages.</summary>
    internal bool IsLax { get; init; }
}
