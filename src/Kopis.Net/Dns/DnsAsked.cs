using DnsClient;

namespace Kopis.Net.Dns;

/// <summary>What came of a question.</summary>
/// <param name="Status">How far the answer can be believed.</param>
/// <param name="Answer">Its records; null where there are none.</param>
/// <param name="IsSecure">A resolver of this host has checked its signatures.</param>
internal readonly record struct DnsAsked(
    DnsStatus Status, IDnsQueryResponse? Answer, bool IsSecure)
{
    internal void Deconstruct(out DnsStatus status, out IDnsQueryResponse? answer) =>
        (status, answer) = (Status, Answer);
}
