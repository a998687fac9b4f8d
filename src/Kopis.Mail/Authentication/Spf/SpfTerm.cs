using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kopis.Mail.Authentication.Spf;

/// <summary>A mechanism of a record with its qualifier (RFC 7208 §4.6.1).</summary>
/// <param name="Mechanism">Which one.</param>
/// <param name="Result">The result if it matches.</param>
/// <param name="Domain">The domain-spec; null if it means the domain itself.</param>
/// <param name="Address">The network of ip4 and ip6.</param>
/// <param name="Bits4">The length of the network of IPv4 addresses, 0 to 32.</param>
/// <param name="Bits6">The length of the network of IPv6 addresses, 0 to 128.</param>
internal sealed record SpfTerm(
    SpfMechanism Mechanism,
    AuthenticationResult Result,
    string? Domain,
    IPAddress? Address,
    int Bits4,
    int Bits6)
{
    private const int Bits4Max = 32;
    private const int Bits6Max = 128;

    private static readonly SearchValues<char> IPv6 =
        SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>Whether it asks DNS, and so counts (RFC 7208 §4.6.4).</summary>
    internal bool Asks =>
        Mechanism is not (SpfMechanism.All or SpfMechanism.Ip4 or SpfMechanism.Ip6);

    /// <summary>Parses a directive.</summary>
    /// <returns>Null if it is malformed.</returns>
    internal static SpfTerm? Parse(ReadOnlySpan<char> text)
    {
        AuthenticationResult result = ResultOf(text.IsEmpty ? ' ' : text[0], out bool isSaid);
        text = isSaid ? text[1..] : text;
        int end = text.IndexOfAny(':', '/');
        ReadOnlySpan<char> name = end < 0 ? text : text[..end];
        if (MechanismOf(name) is not { } mechanism)
        {
            return null;
        }

        ReadOnlySpan<char> rest = end < 0 ? [] : text[end..];
        bool hasValue = rest is [':', ..];
        SpfTerm term = new(mechanism, result, null, null, Bits4Max, Bits6Max);
        return mechanism switch
        {
            SpfMechanism.All => rest.IsEmpty ? term : null,
            SpfMechanism.Ip4 or SpfMechanism.Ip6 =>
                hasValue ? WithNetwork(term, rest[1..]) : null,
            SpfMechanism.Include or SpfMechanism.Exists =>
                hasValue ? WithDomain(term, rest[1..]) : null,
            SpfMechanism.Ptr => rest.IsEmpty ? term : hasValue ? WithDomain(term, rest[1..]) : null,
            _ => WithDomainAndBits(term, rest),
        };
    }

    /// <summary>Whether an address is in a network of this term's length.</summary>
    internal bool Covers(IPAddress network, IPAddress address) =>
        network.AddressFamily == address.AddressFamily
        && SameBits(
            network.GetAddressBytes(),
            address.GetAddressBytes(),
            address.AddressFamily == AddressFamily.InterNetwork ? Bits4 : Bits6);

    private static bool SameBits(byte[] left, byte[] right, int bits)
    {
        for (int i = 0; i < left.Length && bits > 0; i++, bits -= 8)
        {
            int mask = bits >= 8 ? 255 : 255 << (8 - bits) & 255;
            if ((left[i] & mask) != (right[i] & mask))
            {
                return false;
            }
        }

        return true;
    }

    private static AuthenticationResult ResultOf(char qualifier, out bool isSaid)
    {
        isSaid = qualifier is '+' or '-' or '~' or '?';
        return qualifier switch
        {
            '-' => AuthenticationResult.Fail,
            '~' => AuthenticationResult.SoftFail,
            '?' => AuthenticationResult.Neutral,
            _ => AuthenticationResult.Pass,
        };
    }

    private static SpfMechanism? MechanismOf(ReadOnlySpan<char> name)
    {
        foreach (SpfMechanism one in Enum.GetValues<SpfMechanism>())
        {
            if (name.Equals(one.ToString(), StringComparison.OrdinalIgnoreCase))
            {
                return one;
            }
        }

        return null;
    }

    private static SpfTerm? WithDomain(SpfTerm term, ReadOnlySpan<char> domain) =>
        SpfMacro.IsDomain(domain) ? term with { Domain = domain.ToString() } : null;

    /// <summary><c>[:domain][/bits4][//bits6]</c>.</summary>
    private static SpfTerm? WithDomainAndBits(SpfTerm term, ReadOnlySpan<char> rest)
    {
        if (!TryCutBits(ref rest, "//", Bits6Max, out int bits6)
            || !TryCutBits(ref rest, "/", Bits4Max, out int bits4))
        {
            return null;
        }

        term = term with { Bits4 = bits4, Bits6 = bits6 };
        return rest.IsEmpty ? term : rest[0] == ':' ? WithDomain(term, rest[1..]) : null;
    }

    private static SpfTerm? WithNetwork(SpfTerm term, ReadOnlySpan<char> text)
    {
        bool is4 = term.Mechanism == SpfMechanism.Ip4;
        if (!TryCutBits(ref text, "/", is4 ? Bits4Max : Bits6Max, out int bits))
        {
            return null;
        }

        if (!(is4 ? IsIPv4(text) : IsIPv6(text)) || !IPAddress.TryParse(text, out IPAddress? ip))
        {
            return null;
        }

        return is4 ? term with { Address = ip, Bits4 = bits }
            : term with { Address = ip, Bits6 = bits };
    }

    /// <summary>Cuts a length off the end, if there are digits behind the sign.</summary>
    /// <returns>False if it is out of range or has a leading zero.</returns>
    private static bool TryCutBits(
        ref ReadOnlySpan<char> text, string sign, int most, out int bits)
    {
        bits = most;
        ReadOnlySpan<char> before = text.TrimEnd("0123456789");
        ReadOnlySpan<char> digits = text[before.Length..];
        if (digits.IsEmpty || !before.EndsWith(sign)
            || (sign == "/" && before.EndsWith("//")))
        {
            return true;
        }

        text = before[..^sign.Length];
        const int DigitsMax = 3;
        return digits.Length <= DigitsMax && (digits.Length == 1 || digits[0] != '0')
            && int.TryParse(digits, NumberStyles.None, null, out bits) && bits <= most;
    }

    /// <summary>Four numbers without leading zeros; the base library accepts other forms too.
    /// </summary>
    private static bool IsIPv4(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (Range part in text.Split('.'))
        {
            ReadOnlySpan<char> digits = text[part];
            if (++count > 4 || digits.Length is 0 or > 3 || (digits.Length > 1 && digits[0] == '0')
                || !byte.TryParse(digits, NumberStyles.None, null, out _))
            {
                return false;
            }
        }

        return count == 4;
    }

    private static bool IsIPv6(ReadOnlySpan<char> text) =>
        text.Contains(':') && !text.ContainsAnyExcept(IPv6);
}
