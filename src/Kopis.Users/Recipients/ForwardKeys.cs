using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>The keys by which fastforward looks up an address, in order: the address, its host, its
/// local part.</summary>
public static class ForwardKeys
{
    /// <summary>The keys; none if the address has no at sign.</summary>
    public static IEnumerable<byte[]> Of(byte[] address)
    {
        Address parts = new(address);
        return parts.HasAt
            ? [address, parts.AtDomain.ToArray(), [.. parts.Local, (byte)'@']] : [];
    }
}
