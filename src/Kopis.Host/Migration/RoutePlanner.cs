using System.Globalization;
using System.Net;
using Kopis.Config.Catalog;

namespace Kopis.Host.Migration;

/// <summary>Plans routes to other hosts as lines of smtproutes. No I/O.</summary>
/// <param name="plan">The plan to add to.</param>
/// <param name="isWrapped">Whether TLS begins with each connection.</param>
internal sealed class RoutePlanner(SitePlan plan, bool isWrapped)
{
    private const int SmtpPort = 25;
    private const int SmtpsPort = 465;

    private readonly Dictionary<string, TableEntry> _logins = new(StringComparer.Ordinal);

    /// <summary>Records a login, <c>user:password</c>, at a relay; the first counts.</summary>
    internal void NoteLogin(TableEntry entry) => _logins.TryAdd(entry.Key, entry);

    /// <summary>Plans a route.</summary>
    /// <param name="domain">The domain; empty for all mail.</param>
    /// <param name="next">[host]:port, host or host:port; empty for the domain's own MX.</param>
    /// <param name="line">The place of the line.</param>
    internal void Plan(string domain, string next, ForeignLine line)
    {
        if (next.Length == 0)
        {
            plan.Add(RemoteFiles.SmtpRoutes, $"{domain}:");
            return;
        }

        if (!TryPlace(next, out string host, out int port))
        {
            plan.Lose(line, next, "not host, [host] or host:port");
            return;
        }

        if (!next.StartsWith('['))
        {
            plan.Notes.Add($"{line.File}:{line.Number}: {next}: mail goes to the host {host} "
                + "itself; the other server asked for the MX of that name");
        }

        string place = string.Create(CultureInfo.InvariantCulture,
            $"{(host.Contains(':') ? $"[{host}]" : host)}:{port}");
        if (!TryLogin(next, host, out TableEntry login))
        {
            plan.Add(RemoteFiles.SmtpRoutes, $"{domain}:{place}");
            return;
        }

        int colon = login.Value.IndexOf(':');
        string user = colon < 0 ? login.Value : login.Value[..colon];
        string password = colon < 0 ? "" : login.Value[(colon + 1)..];
        if ((user + password).AsSpan().ContainsAny('|', '\n') || user.Length == 0
            || password.Length == 0)
        {
            plan.Lose(login.Line, login.Key, "a login that auth/smtproutes cannot have");
            return;
        }

        string tls = port == SmtpsPort || isWrapped ? "|tls" : "";
        plan.Logins.Add($"{domain}:{place}|{user}|{password}{tls}");
    }

    private bool TryLogin(string next, string host, out TableEntry login) =>
        _logins.TryGetValue(next.ToLowerInvariant(), out login)
        || _logins.TryGetValue($"[{host}]", out login) || _logins.TryGetValue(host, out login);

    private static bool TryPlace(string text, out string host, out int port)
    {
        int end = text.StartsWith('[') ? text.IndexOf(']') : -1;
        int colon = text.IndexOf(':', Math.Max(0, end));
        host = (end > 0 ? text[1..end] : colon < 0 ? text : text[..colon]).ToLowerInvariant();
        port = SmtpPort;
        string number = colon < 0 ? "" : text[(colon + 1)..];
        bool isPort = number switch
        {
            "" or "smtp" => colon < 0 || number.Length > 0,
            "submission" => (port = 587) > 0,
            "smtps" or "submissions" => (port = SmtpsPort) > 0,
            _ => int.TryParse(
                number, NumberStyles.None, CultureInfo.InvariantCulture, out port)
                && port is > 0 and <= ushort.MaxValue,
        };
        host = host.StartsWith("ipv6:", StringComparison.Ordinal) ? host["ipv6:".Length..] : host;
        return isPort && host.Length > 0 && (IPAddress.TryParse(host, out _)
            || host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'));
    }
}
