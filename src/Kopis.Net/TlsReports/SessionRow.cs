using System.Net;
using Kopis.Mail.Authentication;
using Kopis.Mail.TlsReports;

namespace Kopis.Net.TlsReports;

/// <summary>Formats a session as a row of <see cref="Dmarc.DomainRows"/>: its fields are separated
/// by tabs, the lines of a policy by bars.</summary>
public static class SessionRow
{
    /// <summary>How many characters of a policy are quoted in reports: some lines of typical
    /// length.</summary>
    public const int PolicyMax = 2000;

    private const int HostMax = DomainText.NameMax;

    /// <summary>Formats a row.</summary>
    /// <param name="address">The server's address.</param>
    /// <param name="host">Its name.</param>
    /// <param name="policy">Its domain's policy; lines over the limit are left out.</param>
    /// <param name="result">How the session began.</param>
    /// <param name="sender">Our own address; null if there was no connection.</param>
    public static string Write(
        IPAddress address, string host, AppliedPolicy policy, TlsResultType result,
        IPAddress? sender)
    {
        List<string> lines = [];
        int length = 0;
        foreach (string line in policy.Lines.Select(Clean))
        {
            length += line.Length + 1;
            if (length <= PolicyMax)
            {
                lines.Add(line);
            }
        }

        return string.Join('\t',
            address, policy.Kind, string.Join('|', lines), TlsResultText.Of(result),
            host.Length <= HostMax ? Clean(host) : "", sender);
    }

    /// <summary>Parses a row; null if it is malformed.</summary>
    public static SessionCount? Read(string row, long count) =>
        row.Split('\t') is [
            string address, string kind, string lines, string result, string host, string sender]
        && IPAddress.TryParse(address, out _) && TlsResultText.Read(result) is { } known
        && kind is AppliedPolicy.Tlsa or AppliedPolicy.Sts or AppliedPolicy.NoPolicy
            ? new SessionCount(
                address, host,
                new AppliedPolicy(kind, lines.Length == 0 ? [] : lines.Split('|')), known, sender,
                count)
            : null;

    /// <summary>Text from a stranger: characters that cannot be printed, or that are our
    /// separators, become question marks.</summary>
    private static string Clean(string text) => string.Concat(
        text.Select(one => one is < ' ' or > '~' or '|' ? '?' : one));
}
