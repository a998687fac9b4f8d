using DnsClient;

namespace Kopis.Net.Dns;

/// <summary>The result of a question.</summary>
/// <param name="Status">What the answer says.</param>
/// <param name="Answer">The records; null if there are none.</param>
/// <param name="IsSecure">Whether a resolver on this host has verified the signatures.</param>
internal readonly record struct DnsAsked(
    DnsStatus Status, IDnsQueryResponse? Answer, bool IsSecure)
{
    internal void Deconstruct(out DnsStatus status, out IDnsQueryResponse? answer) =>
        (status, answer) = (Status, Answer);
}
