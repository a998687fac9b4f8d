using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Users.Recipients;
using Kopis.Users.Virtual;

namespace Kopis.Users.Logins;

/// <summary>Finds accounts by the name that a client gives. The name is looked up as the address of
/// a virtual user; without an at sign, as the local part of one at <c>control/me</c>. Otherwise it
/// may be a user of the host who gets mail here: the name alone, or at any domain that routes to
/// that user. Root has no account, so no password of root is ever tried over the network. May be
/// used from many threads.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="hasHostUsers">Whether to look for users of the host. Only a process that may read
/// their passwords finds any.</param>
/// <param name="complain">Logs wrong lines, each once; null: no log.</param>
public sealed class Accounts(string home, bool hasHostUsers, Action<string>? complain = null)
{
    private const int NameBytesMax = 320; // RFC 5321 §4.5.3.1: 64 + "@" + 255.
    private const string VirtualShell = "/bin/sh";

    private readonly VirtualUsers _virtual = new(home, complain);
    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));
    private readonly HostAddresses _addresses = new(home);

    /// <summary>Looks a name up.</summary>
    /// <exception cref="ConfigurationException">users/virtual or the name service cannot be read at
    /// present.</exception>
    public Candidate Find(ReadOnlySpan<byte> name)
    {
        if (name.Length > NameBytesMax)
        {
            return Candidate.Nobody;
        }

        if (FindVirtual(name) is { } mailbox)
        {
            if (PasswordHash.IsLocked(mailbox.PasswordHash))
            {
                return Candidate.Nobody; // No password, digest or token opens the account.
            }

            (uint uid, uint gid) = VirtualOwner.Of(home);
            return Candidate.Virtual(
                new Account(mailbox.Address, uid, gid, mailbox.Home, VirtualShell),
                mailbox.PasswordHash);
        }

        Address parts = new(name);
        return !hasHostUsers ? Candidate.Nobody
            : !parts.HasAt ? FindOnHost(name)
            : _addresses.LocalPartOf(name) is { } local
                && Ascii8.EqualsIgnoreCase(local, parts.Local)
                ? FindOnHost(local)
            : Candidate.Nobody;
    }

    /// <summary>Whether a name is that of a virtual user who is locked.</summary>
    /// <exception cref="ConfigurationException">users/virtual cannot be read at present.
    /// </exception>
    public bool IsLocked(ReadOnlySpan<byte> name) => name.Length <= NameBytesMax
        && FindVirtual(name) is { } mailbox && PasswordHash.IsLocked(mailbox.PasswordHash);

    private VirtualMailbox? FindVirtual(ReadOnlySpan<byte> name)
    {
        byte[]? address = name.Contains((byte)'@') ? name.ToArray()
            : _control.ReadLine(HostFiles.Me) is { } me ? [.. name, (byte)'@', .. me]
            : null;
        return address is null ? null : _virtual.Find(address);
    }

    private static Candidate FindOnHost(ReadOnlySpan<byte> name)
    {
        try
        {
            UnixUser? user = UnixUsers.ByName(ByteText.ToText(name));
            return user is { Uid: not 0 } && UnixPasswords.HashOf(user.Name) is [_, ..] hash
                ? Candidate.OfHost(
                    new Account(user.Name, user.Uid, user.Gid, user.Home, user.Shell), hash)
                : Candidate.Nobody;
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }
}
