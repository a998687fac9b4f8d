using System.Security.Cryptography;
using System.Text;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Srs;

/// <summary>
/// The Sender Rewriting Scheme: the sender of forwarded mail as an address of ours, from which
/// bounces find back. <c>SRS0=HASH=DAY=host=user@us</c>; what another forwarder has rewritten
/// becomes <c>SRS1=HASH=forwarder==…@us</c>, and a third one only changes its name in it, so that
/// addresses do not grow. The form is that of libsrs2 and postsrsd; the hash is an HMAC-SHA-256 of
/// the parts, so only its maker can check it. Everything stands case folding.
/// </summary>
public sealed class SenderRewriting
{
    /// <summary>The default length of a hash: 20 bits, as in libsrs2.</summary>
    public const int HashLengthDefault = 4;

    /// <summary>The length on this host: 30 bits, since whoever guesses a hash can relay to one
    /// address.</summary>
    public const int HashLengthOfHost = 6;

    /// <summary>The longest hash.</summary>
    public const int HashLengthMax = 20;

    /// <summary>The longest local part that other servers must accept (RFC 5321 §4.5.3.1.1).
    /// </summary>
    public const int LocalBytesMax = 64;

    private const int AddressBytesMax = 254; // RFC 5321 §4.5.3.1.3, less the brackets.
    private const int DaysOfClock = 1024; // Two characters of base 32.

    private static readonly byte[] Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"u8.ToArray();

    private readonly byte[][] _secrets;
    private readonly byte[] _domain;
    private readonly int _hashLength;
    private readonly int _daysMax;

    /// <summary>Makes a scheme.</summary>
    /// <param name="secrets">The first secret makes addresses, and all of them check addresses, so
    /// that a new one can be put before an old one.</param>
    /// <param name="domain">Our domain, for the addresses.</param>
    /// <param name="hashLength">Characters of a hash, 4 to 20.</param>
    /// <param name="daysMax">How many days an address is valid, 1 to 1,000; 21 is usual.</param>
    /// <exception cref="ArgumentException">There is no secret, or a value is out of range.
    /// </exception>
    public SenderRewriting(
        IReadOnlyList<byte[]> secrets,
        ReadOnlySpan<byte> domain,
        int hashLength = HashLengthDefault,
        int daysMax = 21)
    {
        if (secrets.Count == 0 || secrets.Any(one => one.Length == 0) || domain.IsEmpty
            || hashLength is < HashLengthDefault or > HashLengthMax || daysMax is < 1 or > 1000)
        {
            throw new ArgumentException("not a setting of SRS");
        }

        _secrets = [.. secrets];
        _domain = domain.ToArray();
        _hashLength = hashLength;
        _daysMax = daysMax;
    }

    /// <summary>Rewrites a sender whose domain is not ours.</summary>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="now">The time from which its validity counts.</param>
    /// <returns>Null if the sender stays unchanged: an empty one, one of qmail's own (<c>@[]</c>),
    /// one without a valid domain, or one that would become too long for an address. Its local part
    /// may become longer than <see cref="LocalBytesMax"/>, which most servers accept, since nothing
    /// can be left out of it.</returns>
    public byte[]? Rewrite(ReadOnlySpan<byte> sender, DateTimeOffset now)
    {
        Address parts = new(sender);
        ReadOnlySpan<byte> local = parts.Local;
        ReadOnlySpan<byte> domain = parts.Domain;
        if (!parts.IsComplete || domain.SequenceEqual("[]"u8) || domain.Contains((byte)'='))
        {
            return null;
        }

        byte[] rewritten;
        if (SrsTag.Begins(local, "SRS0"u8))
        {
            rewritten = MakeGuarded(domain, local[4..]);
        }
        else if (SrsTag.Begins(local, "SRS1"u8) && TryCut(local[5..], out _, out var rest)
            && TryCut(rest, out var first, out rest) && IsGuarded(first, rest))
        {
            rewritten = MakeGuarded(first, rest);
        }
        else
        {
            byte[] day = DayOf(now);
            rewritten = [.. "SRS0="u8, .. Hash(_secrets[0], day, domain, local), (byte)'=', .. day,
                (byte)'=', .. domain, (byte)'=', .. local];
        }

        byte[] address = [.. rewritten, (byte)'@', .. _domain];
        return address.Length <= AddressBytesMax ? address : null;
    }

    /// <summary>Finds the sender from which an address of ours was made.</summary>
    /// <param name="local">The local part that a bounce is addressed to.</param>
    /// <param name="now">The time.</param>
    /// <param name="sender">The address for the bounce; empty unless the verdict is good.</param>
    public SrsVerdict Reverse(ReadOnlySpan<byte> local, DateTimeOffset now, out byte[] sender)
    {
        sender = [];
        if (SrsTag.Begins(local, "SRS1"u8))
        {
            return ReverseGuarded(local[5..], out sender);
        }

        if (!SrsTag.Begins(local, "SRS0"u8))
        {
            return SrsVerdict.NotSrs;
        }

        if (!TryCut(local[5..], out ReadOnlySpan<byte> hash, out ReadOnlySpan<byte> rest)
            || !TryCut(rest, out ReadOnlySpan<byte> day, out rest)
            || !TryCut(rest, out ReadOnlySpan<byte> domain, out ReadOnlySpan<byte> user)
            || day.Length != 2 || domain.IsEmpty || user.IsEmpty
            || !IsOurs(hash, day, domain, user))
        {
            return SrsVerdict.Forged;
        }

        if (!IsInTime(day, now))
        {
            return SrsVerdict.Expired;
        }

        sender = [.. user, (byte)'@', .. domain];
        return SrsVerdict.Good;
    }

    /// <summary>The same for mail that goes on to a sender. If that sender is an address of ours,
    /// because another forwarder's address came back to us, it is reversed once more.</summary>
    /// <param name="local">The local part that a bounce is addressed to.</param>
    /// <param name="now">The time.</param>
    /// <param name="sender">The address for the bounce; empty unless the verdict is good.</param>
    public SrsVerdict Resolve(ReadOnlySpan<byte> local, DateTimeOffset now, out byte[] sender)
    {
        SrsVerdict verdict = Reverse(local, now, out sender);
        Address parts = new(sender);
        return SrsTag.IsSrs(parts) && Ascii8.EqualsIgnoreCase(parts.Domain, _domain)
            ? Reverse(parts.Local, now, out sender)
            : verdict;
    }

    private SrsVerdict ReverseGuarded(ReadOnlySpan<byte> text, out byte[] sender)
    {
        sender = [];
        if (!TryCut(text, out ReadOnlySpan<byte> hash, out ReadOnlySpan<byte> rest)
            || !TryCut(rest, out ReadOnlySpan<byte> first, out ReadOnlySpan<byte> opaque)
            || !IsGuarded(first, opaque)
            || !IsOurs(hash, [], first, opaque))
        {
            return SrsVerdict.Forged;
        }

        sender = [.. "SRS0"u8, .. opaque, (byte)'@', .. first];
        return SrsVerdict.Good; // The first forwarder checks its age.
    }

    private byte[] MakeGuarded(ReadOnlySpan<byte> first, ReadOnlySpan<byte> opaque) =>
        [.. "SRS1="u8, .. Hash(_secrets[0], [], first, opaque), (byte)'=', .. first, (byte)'=',
            .. opaque];

    /// <summary>The first forwarder's domain, and what followed <c>SRS0</c> there.</summary>
    private static bool IsGuarded(ReadOnlySpan<byte> first, ReadOnlySpan<byte> opaque) =>
        !first.IsEmpty && opaque.Length >= 2 && SrsTag.IsSeparator(opaque[0]);

    private static bool TryCut(
        ReadOnlySpan<byte> text, out ReadOnlySpan<byte> before, out ReadOnlySpan<byte> after)
    {
        int sign = text.IndexOf((byte)'=');
        before = sign < 0 ? text : text[..sign];
        after = sign < 0 ? [] : text[(sign + 1)..];
        return sign >= 0;
    }

    private bool IsOurs(
        ReadOnlySpan<byte> hash,
        ReadOnlySpan<byte> day,
        ReadOnlySpan<byte> domain,
        ReadOnlySpan<byte> user)
    {
        if (hash.Length != _hashLength)
        {
            return false;
        }

        byte[] upper = Encoding.ASCII.GetBytes(ByteText.ToText(hash).ToUpperInvariant());
        bool isOurs = false;
        foreach (byte[] secret in _secrets)
        {
            isOurs |= CryptographicOperations.FixedTimeEquals(
                upper, Hash(secret, day, domain, user));
        }

        return isOurs;
    }

    /// <summary>The hash covers the parts in lower case, each with an end mark, so that no part can
    /// be extended into another.</summary>
    private byte[] Hash(
        byte[] secret, ReadOnlySpan<byte> day, ReadOnlySpan<byte> domain, ReadOnlySpan<byte> user)
    {
        byte[] mac = HMACSHA256.HashData(
            secret, Ascii8.ToLower([.. day, 0, .. domain, 0, .. user]));
        byte[] text = new byte[_hashLength];
        for (int i = 0; i < text.Length; i++)
        {
            int bit = i * 5;
            int pair = (mac[bit / 8] << 8) | mac[(bit / 8) + 1];
            text[i] = Alphabet[(pair >> (11 - (bit % 8))) & 31];
        }

        return text;
    }

    private static byte[] DayOf(DateTimeOffset now)
    {
        int day = (int)(now.ToUnixTimeSeconds() / 86400 % DaysOfClock);
        return [Alphabet[day >> 5], Alphabet[day & 31]];
    }

    private bool IsInTime(ReadOnlySpan<byte> day, DateTimeOffset now)
    {
        byte[] upper = Encoding.ASCII.GetBytes(ByteText.ToText(day).ToUpperInvariant());
        int high = Array.IndexOf(Alphabet, upper[0]);
        int low = Array.IndexOf(Alphabet, upper[1]);
        if (high < 0 || low < 0)
        {
            return false;
        }

        int today = (int)(now.ToUnixTimeSeconds() / 86400 % DaysOfClock);
        int age = (today - ((high << 5) | low) + DaysOfClock) % DaysOfClock;
        return age <= _daysMax || age == DaysOfClock - 1; // Or tomorrow: clocks differ.
    }
}
