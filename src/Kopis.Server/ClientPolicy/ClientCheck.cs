using System.Net;
using Kopis.Base;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>Decides whether a client may reach the program behind rblsmtpd (contract §12.3).
/// </summary>
internal sealed class ClientCheck(RblsmtpdOptions options, DnsListQuery lists)
{
    private const string NoAnswer = "temporary RBL lookup error";

    /// <summary>Looks at RBLSMTPD, and if that is not set at the lists, until one decides.
    /// </summary>
    /// <returns>Null if the client is let in.</returns>
    internal async Task<Rejection?> RunAsync(ByteEnvironment environment, CancellationToken stop)
    {
        if (environment.Text("RBLSMTPD") is { } word)
        {
            return word.Length == 0 ? null
                : word[0] == '-' ? Rejection.Of(Rejection.Never, word[1..])
                : Rejection.Of(Rejection.TryLater, word);
        }

        return IPAddress.TryParse(environment.Text("TCPREMOTEIP"), out IPAddress? client)
            ? await AskAsync(client, stop)
            : null;
    }

    private async Task<Rejection?> AskAsync(IPAddress client, CancellationToken stop)
    {
        bool mayBounce = options.Bounces;
        foreach ((bool isBlocking, string zone) in options.Sources)
        {
            (DnsStatus status, string? text) = isBlocking
                ? await FindTextAsync(client, zone, stop)
                : await FindPardonAsync(client, zone, stop);
            if (status == DnsStatus.TryAgain)
            {
                // This list might have overruled later ones, so the client is only deferred.
                mayBounce = false;
                text = isBlocking == options.FailsClosed ? NoAnswer : null;
            }

            if (text is not null)
            {
                int code = mayBounce ? Rejection.Never : Rejection.TryLater;
                return isBlocking ? Rejection.Of(code, text) : null;
            }
        }

        return null;
    }

    private async Task<(DnsStatus, string?)> FindTextAsync(
        IPAddress client, string zone, CancellationToken stop)
    {
        DnsAnswer<string> answer = await lists.FindTextsAsync(client, zone, stop);
        string text = string.Concat(answer.Records);
        return (answer.Status, text.Length > 0 ? text : null);
    }

    private async Task<(DnsStatus, string?)> FindPardonAsync(
        IPAddress client, string zone, CancellationToken stop)
    {
        DnsAnswer<IPAddress> answer = await lists.FindCodesAsync(client, zone, stop);
        return (answer.Status, answer.Records.Count > 0 ? "" : null);
    }
}
