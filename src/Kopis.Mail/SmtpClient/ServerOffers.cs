using System.Buffers.Text;
using Kopis.Base;

namespace Kopis.Mail.SmtpClient;

/// <summary>The extensions in an EHLO reply that we use.</summary>
public readonly record struct ServerOffers
{
    /// <summary>Commands may follow one another without waiting (RFC 2920).</summary>
    public bool Pipelining { get; init; }

    /// <summary>MAIL takes SIZE (RFC 1870).</summary>
    public bool Size { get; init; }

    /// <summary>The largest message in bytes; 0 if the server does not say.</summary>
    public long SizeMax { get; init; }

    /// <summary>Eight bits in lines (RFC 6152).</summary>
    public bool EightBitMime { get; init; }

    /// <summary>BDAT (RFC 3030).</summary>
    public bool Chunking { get; init; }

    /// <summary>BODY=BINARYMIME (RFC 3030).</summary>
    public bool BinaryMime { get; init; }

    /// <summary>UTF-8 in addresses and header (RFC 6531).</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>RET, ENVID, NOTIFY and ORCPT (RFC 3461).</summary>
    public bool Dsn { get; init; }

    /// <summary>TLS can begin (RFC 3207).</summary>
    public bool StartTls { get; init; }

    /// <summary>Messages that must not leave TLS (RFC 8689).</summary>
    public bool RequireTls { get; init; }

    /// <summary>Mechanisms of AUTH (RFC 4954).</summary>
    public AuthMechanisms Auth { get; init; }

    /// <summary>The most recipients of a transaction (LIMITS RCPTMAX, RFC 9422); 0 if the server
    /// does not say.</summary>
    public int RecipientsMax { get; init; }

    /// <summary>The most transactions of a connection (LIMITS MAILMAX); 0 if the server does not
    /// say.</summary>
    public int MessagesMax { get; init; }

    /// <summary>Parses the lines after the first.</summary>
    public static ServerOffers Parse(ReadOnlySpan<byte> reply)
    {
        ServerOffers offers = default;
        bool first = true;
        while (!reply.IsEmpty)
        {
            int end = reply.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? reply : reply[..end];
            reply = end < 0 ? [] : reply[(end + 1)..];
            if (!first && line.Length > 4)
            {
                ReadOnlySpan<byte> rest = line[4..];
                int space = rest.IndexOf((byte)' ');
                offers = space < 0
                    ? offers.With(rest, [])
                    : offers.With(rest[..space], rest[(space + 1)..]);
            }

            first = false;
        }

        return offers;
    }

    /// <summary>The offers of an LMTP server, without BDAT: no document says how many replies BDAT
    /// gets there.</summary>
    public ServerOffers WithoutChunks() => this with { Chunking = false, BinaryMime = false };

    private ServerOffers With(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> values) =>
        Is(keyword, "PIPELINING"u8) ? this with { Pipelining = true }
        : Is(keyword, "SIZE"u8) ? this with { Size = true, SizeMax = Number(values) }
        : Is(keyword, "8BITMIME"u8) ? this with { EightBitMime = true }
        : Is(keyword, "CHUNKING"u8) ? this with { Chunking = true }
        : Is(keyword, "BINARYMIME"u8) ? this with { BinaryMime = true }
        : Is(keyword, "SMTPUTF8"u8) ? this with { SmtpUtf8 = true }
        : Is(keyword, "DSN"u8) ? this with { Dsn = true }
        : Is(keyword, "STARTTLS"u8) ? this with { StartTls = true }
        : Is(keyword, "REQUIRETLS"u8) ? this with { RequireTls = true }
        : Is(keyword, "LIMITS"u8) ? WithLimits(values)
        : Is(keyword, "AUTH"u8) ? this with { Auth = Auth | Mechanisms(values) }
        : this;

    private static AuthMechanisms Mechanisms(ReadOnlySpan<byte> values)
    {
        AuthMechanisms known = AuthMechanisms.None;
        foreach (Range range in values.Split((byte)' '))
        {
            ReadOnlySpan<byte> word = values[range];
            known |= Is(word, "PLAIN"u8) ? AuthMechanisms.Plain
                : Is(word, "LOGIN"u8) ? AuthMechanisms.Login
                : Is(word, "SCRAM-SHA-256"u8) ? AuthMechanisms.ScramSha256
                : Is(word, "OAUTHBEARER"u8) ? AuthMechanisms.OAuthBearer
                : Is(word, "XOAUTH2"u8) ? AuthMechanisms.XOAuth2
                : AuthMechanisms.None;
        }

        return known;
    }

    private ServerOffers WithLimits(ReadOnlySpan<byte> values)
    {
        ServerOffers offers = this;
        foreach (Range range in values.Split((byte)' '))
        {
            ReadOnlySpan<byte> word = values[range];
            int equals = word.IndexOf((byte)'=');
            if (equals < 0)
            {
                continue;
            }

            int number = (int)Math.Min(int.MaxValue, Number(word[(equals + 1)..]));
            offers = Is(word[..equals], "RCPTMAX"u8) ? offers with { RecipientsMax = number }
                : Is(word[..equals], "MAILMAX"u8) ? offers with { MessagesMax = number }
                : offers;
        }

        return offers;
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> keyword) =>
        Ascii8.EqualsIgnoreCase(word, keyword);

    /// <summary>Zero if it is not a number, or too large to matter.</summary>
    private static long Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out long value, out int used)
        && used == digits.Length && value > 0 ? value : 0;
}
