using System.Text;
using Kopis.Base;
using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What the scheduler reads from addresses.</summary>
internal static class RemoteAddress
{
    private const int NameBytesMax = 240;
    private const int SrsTagBytes = 5; // SRS0=hash=time=domain=local

    /// <summary>Whether it is an SRS address; each may lead to another host.</summary>
    internal static bool IsSrs(ReadOnlySpan<byte> address) => SrsTag.IsSrs(new Address(address));

    /// <summary>The address's domain, or the route that an administrator has given it.</summary>
    internal static ReadOnlySpan<byte> Domain(ReadOnlySpan<byte> address, byte[]? route) =>
        route is null ? Domain(address) : (byte[])[.. WideQuestion.Via, .. route];

    /// <summary>The domain whose host gets the mail; for an SRS address the original domain in it.
    /// </summary>
    /// <remarks>The SRS hash is not verified: the result decides only which recipients wait
    /// together.</remarks>
    internal static ReadOnlySpan<byte> Domain(ReadOnlySpan<byte> address)
    {
        Address parts = new(address);
        if (!SrsTag.IsSrs(parts))
        {
            return parts.DomainOrAll;
        }

        // SRS0 and SRS1 may be followed by any of three separators.
        ReadOnlySpan<byte> rest = parts.Local[SrsTagBytes..];
        int fields = parts.Local[3] == (byte)'1' ? 1 : 2;
        for (int i = 0; i < fields && !rest.IsEmpty; i++)
        {
            rest = rest[(rest.IndexOf((byte)'=') is var at && at < 0 ? rest.Length : at + 1)..];
        }

        int end = rest.IndexOf((byte)'=');
        return end > 0 ? rest[..end] : parts.Domain;
    }

    /// <summary>A hash of the sender without the parts that mailing lists vary by recipient.
    /// </summary>
    internal static ulong SenderKey(ReadOnlySpan<byte> sender)
    {
        Address parts = new(sender);
        ReadOnlySpan<byte> local = parts.Local;
        int end = local.IndexOfAny((byte)'-', (byte)'+', (byte)'=');
        ulong hash = Hash(14695981039346656037, end > 0 ? local[..end] : local);
        return Hash((hash ^ '@') * 1099511628211, parts.Domain);
    }

    /// <summary>A domain as part of a destination's name: printable ASCII.</summary>
    internal static string Printable(ReadOnlySpan<byte> domain)
    {
        StringBuilder text = new();
        foreach (byte one in domain[..Math.Min(domain.Length, NameBytesMax)])
        {
            text.Append(one is > (byte)' ' and <= (byte)'~' ? (char)one : '?');
        }

        return text.ToString();
    }

    private static ulong Hash(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (byte one in bytes)
        {
            hash = (hash ^ Ascii8.ToLower(one)) * 1099511628211;
        }

        return hash;
    }
}
