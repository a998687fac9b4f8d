using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Kopis.Users.Logins;

/// <summary>
/// Says of a session's login whether it still holds: its user is not locked, was not removed, and
/// has the password of then. The session's listener keeps a mark of the account as it was, which
/// tells it nothing: it is made with a key that only this process has, and that ends with it.
/// </summary>
/// <param name="find">Looks a name up; may throw
/// <see cref="Base.ConfigurationException"/>.</param>
/// <param name="isLocked">Whether a name is of a user who is locked.</param>
internal sealed class LoginMarks(Func<byte[], Candidate> find, Func<byte[], bool> isLocked)
{
    /// <summary>Of a mark: which process made it, whether there was such a user, and a MAC of name
    /// and password's hash.</summary>
    internal const int Bytes = EpochBytes + 1 + MacBytes;

    private const int EpochBytes = 8;
    private const int MacBytes = 16; // Half of SHA-256: to find another name or hash takes 2^128.

    private readonly byte[] _epoch = RandomNumberGenerator.GetBytes(EpochBytes);
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(MacBytes * 2);

    /// <summary>Judges one.</summary>
    /// <param name="account">As the login's answer named it.</param>
    /// <param name="mark">Of the last answer; anything else where there is none.</param>
    /// <param name="now">The account's mark at present.</param>
    /// <returns>False if the login holds no more. A mark that another process made, the one before
    /// a restart say, says only whether there was such a user.</returns>
    /// <exception cref="Base.ConfigurationException">It is not known at present.</exception>
    internal bool Holds(byte[] account, ReadOnlySpan<byte> mark, out byte[] now)
    {
        Candidate found = find(account);
        now = Make(account, found.Account is null ? null : found.Hash);
        bool isMark = mark.Length == Bytes;
        bool isOurs = isMark && mark[..EpochBytes].SequenceEqual(_epoch);
        bool hadUser = isMark && mark[EpochBytes] != 0;
        return !isLocked(account)
            && (isOurs ? CryptographicOperations.FixedTimeEquals(mark, now)
                : !hadUser || now[EpochBytes] != 0);
    }

    /// <summary>The mark of an account.</summary>
    /// <param name="account">As the login's answer names it.</param>
    /// <param name="hash">Its password's; null: there is no such user.</param>
    internal byte[] Make(byte[] account, byte[]? hash)
    {
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, account.Length);
        byte[] content = [.. length, .. account, .. hash ?? []];
        byte[] mac = HMACSHA256.HashData(_key, content);
        byte[] mark =
            [.. _epoch, (byte)(hash is null ? 0 : 1), .. mac.AsSpan(0, MacBytes)];
        Debug.Assert(mark.Length == Bytes, "The parts make a mark.");
        return mark;
    }
}
