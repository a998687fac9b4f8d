using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Server.Checks;

/// <summary>Checks the name in HELO or EHLO. Pure.</summary>
internal static class HeloJudge
{
    private const string IPv6Tag = "IPv6:"; // RFC 5321 §4.1.3.

    /// <summary>Whether it is a name with a dot, or an address in brackets. RFC 5321 §4.1.4
    /// requires a name that resolves to an address, which a name without a dot does only within a
    /// site.</summary>
    /// <returns><see cref="HeloFault.None"/> or <see cref="HeloFault.NoName"/>.</returns>
    internal static HeloFault JudgeForm(ReadOnlySpan<byte> helo)
    {
        string text = ByteText.ToText(helo);
        return AddressIn(text) is not null || IsName(text)
            ? HeloFault.None : HeloFault.NoName;
    }

    /// <summary>Whether a client on another host uses one of our names or addresses.</summary>
    /// <param name="helo">The name that it gives.</param>
    /// <param name="names">Our names.</param>
    /// <param name="isOwn">Whether an address is one of ours.</param>
    internal static HeloFault JudgeOwner(
        ReadOnlySpan<byte> helo, IEnumerable<string> names, Func<IPAddress, bool> isOwn)
    {
        string text = ByteText.ToText(helo).TrimEnd('.');
        return names.Any(name => text.Equals(name, StringComparison.OrdinalIgnoreCase))
                ? HeloFault.OurName
            : (AddressIn(text) ?? Plain(text)) is { } address && isOwn(address)
                ? HeloFault.OurAddress
            : HeloFault.None;
    }

    // The last part of four numbers is a number, which no top-level domain is.
    private static bool IsName(string text)
    {
        string name = text.EndsWith('.') ? text[..^1] : text;
        int dot = name.LastIndexOf('.');
        return dot > 0 && HostNames.IsSound(name)
            && name.AsSpan(dot + 1).ContainsAnyExceptInRange('0', '9');
    }

    private static IPAddress? AddressIn(string text)
    {
        if (text is not ['[', .. string inside, ']'])
        {
            return null;
        }

        if (inside.StartsWith(IPv6Tag, StringComparison.OrdinalIgnoreCase))
        {
            inside = inside[IPv6Tag.Length..];
            return Read(inside) is { AddressFamily: AddressFamily.InterNetworkV6 } six ? six : null;
        }

        return Plain(inside);
    }

    private static IPAddress? Plain(string text) =>
        Read(text) is { AddressFamily: AddressFamily.InterNetwork } address
        && address.ToString() == text // .NET accepts 127.1 and the like.
            ? address : null;

    private static IPAddress? Read(string text) =>
        text.All(one => char.IsAsciiHexDigit(one) || one is '.' or ':')
        && IPAddress.TryParse(text, out IPAddress? address) ? address : null;
}
