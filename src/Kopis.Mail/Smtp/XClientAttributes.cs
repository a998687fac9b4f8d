using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Smtp;

/// <summary>What a host in front of us reports about its client by XCLIENT, an extension of
/// Postfix. An attribute that it does not name stays unchanged; one that it could not find out is
/// empty.</summary>
public sealed record XClientAttributes
{
    private const int ValueBytesMax = 255;

    /// <summary>The client's name.</summary>
    public byte[]? Name { get; private init; }

    /// <summary>The client's address, as text.</summary>
    public byte[]? Address { get; private init; }

    /// <summary>The client's port.</summary>
    public byte[]? Port { get; private init; }

    /// <summary>The client's name in HELO.</summary>
    public byte[]? Helo { get; private init; }

    /// <summary>Parses <c>NAME=… ADDR=…</c>. False for an attribute that is not offered, and for a
    /// value that is not xtext of printable characters.</summary>
    public static bool TryParse(ReadOnlySpan<byte> argument, out XClientAttributes attributes)
    {
        attributes = new XClientAttributes();
        bool any = false;
        foreach (Range range in argument.Split((byte)' '))
        {
            ReadOnlySpan<byte> word = argument[range];
            if (word.IsEmpty)
            {
                continue;
            }

            int equals = word.IndexOf((byte)'=');
            if (equals < 0 || !TryValue(word[(equals + 1)..], out byte[] value)
                || attributes.With(Ascii8.ToLower(word[..equals]), value) is not { } more)
            {
                return false;
            }

            attributes = more;
            any = true;
        }

        return any;
    }

    private XClientAttributes? With(byte[] name, byte[] value) =>
        ByteText.ToText(name) switch
        {
            "name" => this with { Name = value },
            "addr" => this with { Address = WithoutTag(value) },
            "port" => this with { Port = value },
            "helo" => this with { Helo = value },
            "proto" => this, // SMTP or ESMTP: the client says which, when it goes on.
            _ => null,
        };

    private static byte[] WithoutTag(byte[] address) =>
        Ascii8.StartsWithIgnoreCase(address, "IPV6:"u8) ? address[5..] : address;

    private static bool TryValue(ReadOnlySpan<byte> text, out byte[] value)
    {
        value = [];
        if (Ascii8.EqualsIgnoreCase(text, "[UNAVAILABLE]"u8)
            || Ascii8.EqualsIgnoreCase(text, "[TEMPUNAVAIL]"u8))
        {
            return true;
        }

        if (text.IsEmpty || text.Length > ValueBytesMax || !XText.IsSound(text))
        {
            return false;
        }

        value = XText.Decode(text);
        return true;
    }
}
