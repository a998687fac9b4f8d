using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Mail.Smtp;
using Kopis.Posix;

namespace Kopis.Server.Filters;

/// <summary>One line of <c>milters</c>: where a filter is, and what happens to mail while it is
/// away.</summary>
/// <param name="Name">The name in the line, for logs; it also identifies the filter's connections.
/// </param>
/// <param name="EndPoint">The address that it listens on.</param>
internal sealed record FilterRule(string Name, EndPoint EndPoint)
{
    private const int SecondsMax = 540; // Clients wait ten minutes (RFC 5321 §4.5.3.2.6).

    /// <summary>How long a connection may take.</summary>
    internal TimeSpan ConnectTime { get; private init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an answer may take before the message.</summary>
    internal TimeSpan CommandTime { get; private init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long everything about the message may take.</summary>
    internal TimeSpan MessageTime { get; private init; } = TimeSpan.FromSeconds(300);

    /// <summary>Whether mail is accepted unfiltered while the filter is away. If not, it is
    /// deferred.</summary>
    internal bool AcceptsWithout { get; private init; }

    /// <summary>Whether each connection is used for one message only.</summary>
    internal bool IsOnce { get; private init; }

    /// <summary>Whether the connection is kept after each message, whatever its last reply was.
    /// </summary>
    internal bool IsKept { get; private init; }

    /// <summary>The address that gets messages which the filter quarantines; null: there is none.
    /// </summary>
    internal byte[]? Quarantine { get; private init; }

    /// <summary>Parses a line.</summary>
    internal static bool TryParse(byte[] line, [NotNullWhen(true)] out FilterRule? rule)
    {
        string[] words = ByteText.ToText(line).Split(
            [' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        rule = words.Length > 0 && EndPointOf(words[0]) is { } place
            ? new FilterRule(words[0], place) : null;
        foreach (string word in words.Skip(1))
        {
            rule = rule?.With(word);
        }

        return rule is not null;
    }

    private FilterRule? With(string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string value = word[(equals + 1)..];
        return (equals < 0 ? word : word[..equals]) switch
        {
            "default" when value is "accept" or "tempfail" =>
                this with { AcceptsWithout = value == "accept" },
            "connect" when Seconds(value) is { } time => this with { ConnectTime = time },
            "command" when Seconds(value) is { } time => this with { CommandTime = time },
            "message" when Seconds(value) is { } time => this with { MessageTime = time },
            "once" when equals < 0 => this with { IsOnce = true },
            "keep" when equals < 0 => this with { IsKept = true },
            "quarantine" when value.Contains('@', StringComparison.Ordinal)
                && SmtpPath.TryParse(ByteText.ToBytes($"<{value}>"), out byte[] to, out _)
                && to.Length > 0 => this with { Quarantine = to },
            _ => null,
        };
    }

    private static TimeSpan? Seconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            && seconds is >= 1 and <= SecondsMax ? TimeSpan.FromSeconds(seconds) : null;

    private static EndPoint? EndPointOf(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string rest = text[(colon + 1)..];
        switch (colon < 0 ? "" : text[..colon])
        {
            case "unix" or "local" when rest.StartsWith('/'):
                return SocketOf(rest);
            case "inet" or "inet6":
                int last = rest.LastIndexOf(':');
                string host = last < 0 ? "" : rest[..last];
                bool isNumber = ushort.TryParse(
                    rest[(last + 1)..], NumberStyles.None, CultureInfo.InvariantCulture,
                    out ushort port);
                IPAddress? address = host == "localhost" ? IPAddress.Loopback : AddressOf(host);
                return isNumber && port > 0 && address is not null
                    ? new IPEndPoint(address, port) : null;
            default:
                return null;
        }
    }

    private static UnixDomainSocketEndPoint? SocketOf(string path)
    {
        try
        {
            return UnixListener.EndPoint(path);
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }

    // To inet_aton 10.1 and 010.0.0.1 are addresses too, but not those that people mean.
    private static IPAddress? AddressOf(string host) =>
        host is ['[', .., ']'] ? (IPAddress.TryParse(host[1..^1], out IPAddress? six) ? six : null)
        : !host.Contains(':') && IPAddress.TryParse(host, out IPAddress? four)
            && four.ToString() == host ? four
        : null;
}
