using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Logins;

/// <summary>What a name refers to, before the password is checked.</summary>
public sealed class Candidate
{
    private readonly bool _isOfHost;

    private Candidate(Account? account, byte[] hash, bool isOfHost)
    {
        Account = account;
        Hash = hash;
        _isOfHost = isOfHost;
    }

    /// <summary>Null if no login with that name is possible.</summary>
    public Account? Account { get; }

    /// <summary>The stored hash.</summary>
    public byte[] Hash { get; }

    /// <summary>A name without an account. A check takes as long as for a wrong password.</summary>
    public static Candidate Nobody { get; } =
        new(null, ByteText.ToBytes(PasswordHash.Unmatchable), isOfHost: false);

    /// <summary>A virtual user.</summary>
    public static Candidate Virtual(Account account, string hash) =>
        new(account, ByteText.ToBytes(hash), isOfHost: false);

    /// <summary>A user of the host.</summary>
    public static Candidate OfHost(Account account, byte[] hash) =>
        new(account, hash, isOfHost: true);

    /// <summary>The keys of the password for SCRAM; null for users of the host, and for a name
    /// without an account.</summary>
    public ScramKeys? Keys =>
        _isOfHost || Account is null ? null : PasswordHash.KeysOf(ByteText.ToText(Hash));

    /// <summary>Whether the password opens the account. Slow on purpose.</summary>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        bool matches = _isOfHost
            ? UnixPasswords.Verify(Hash, password)
            : PasswordHash.Verify(ByteText.ToText(Hash), password);
        return matches && Account is not null;
    }
}
