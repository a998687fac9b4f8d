using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kopis.Users.Logins;

/// <summary>Remembers for a short while which passwords were right, so that a client that polls
/// each minute does not cost a password hash each minute. It stores a keyed digest of name, stored
/// hash and password, and the key never leaves this process. After a password is changed or removed
/// nothing matches its entry any more, since the stored hash is part of the digest. Bounded; may be
/// used from many threads.</summary>
public sealed class VerifiedLogins(TimeProvider time)
{
    /// <summary>How many logins are remembered, at some 50 bytes each.</summary>
    public const int LoginsMax = 50_000;

    /// <summary>How long after its last use a login is remembered. Mail clients usually look for
    /// mail at least this often.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
    private readonly RecentKeys<UInt128> _recent = new(time, Lifetime, LoginsMax);

    /// <summary>Whether this login was right a short while ago. If so, it is remembered for another
    /// lifetime.</summary>
    public bool Contains(ReadOnlySpan<byte> name, byte[] hash, ReadOnlySpan<byte> password)
    {
        UInt128 digest = Digest(name, hash, password);
        bool known = _recent.Contains(digest);
        if (known)
        {
            _recent.Add(digest);
        }

        return known;
    }

    /// <summary>Remembers a login that was right.</summary>
    public void Add(ReadOnlySpan<byte> name, byte[] hash, ReadOnlySpan<byte> password) =>
        _recent.Add(Digest(name, hash, password));

    // Each part is preceded by its length, so that no two triples give the same bytes.
    private UInt128 Digest(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> password)
    {
        using IncrementalHash mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        Append(mac, name);
        Append(mac, hash);
        Append(mac, password);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        mac.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    private static void Append(IncrementalHash mac, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        mac.AppendData(length);
        mac.AppendData(part);
    }
}
