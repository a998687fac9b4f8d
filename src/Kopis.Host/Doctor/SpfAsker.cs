using System.Net;
using Kopis.Mail.Authentication.Spf;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Asks what SPF says of this host.</summary>
/// <param name="dns">Asked.</param>
/// <param name="helo">What the host says in HELO.</param>
internal sealed class SpfAsker(IMailDns dns, string helo)
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(12);
    private readonly AnswerCache _answers = new(TimeProvider.System);

    /// <summary>Whether an address may send as a domain.</summary>
    internal async Task<SpfCheck> AskAsync(string domain, IPAddress ip, CancellationToken stop) =>
        await SpfChecker.CheckAsync(
            new AuthenticationDns(dns, _answers, TimeProvider.System, Time),
            new SpfRequest(ip, domain, $"postmaster@{domain}", helo), stop);

    /// <summary>Whether a text of DNS is an SPF record.</summary>
    internal static bool IsRecord(string text) =>
        text.Equals("v=spf1", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase);
}
