using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Quota;
using Kopis.Users.Recipients;

namespace Kopis.Users.Lookup;

/// <summary>Decides whether a local address has a mailbox. It does what qmail-lspawn and
/// qmail-local would do, before the mail is accepted. No means that the mail would bounce for good;
/// whatever they would try again is Later.</summary>
/// <param name="lookup">Finds the user of an address, except for users of the host.</param>
/// <param name="searchHost">Finds users of the host; null if they get no mail here.</param>
/// <param name="route">Returns an address as the local channel has it, or null if it is not local.
/// Used for the targets of aliases.</param>
public sealed class RecipientJudge(
    RecipientLookup lookup, Func<byte[], Task<LookupResult>>? searchHost,
    Func<byte[], byte[]?> route)
{
    private const int AliasesMax = 5; // In a row; mail for longer chains is accepted.

    private const int InstructionBytesMax = 16 * 1024; // A longer file is a list: accepted.

    private readonly Lock _lock = new(); // users/cdb is reread by one thread at a time.

    /// <summary>Decides about SRS addresses; null: there are none.</summary>
    public SrsJudge? Srs { get; init; }

    /// <summary>Decides about an address as its local channel has it, and finds its user. An SRS
    /// address has no user.</summary>
    /// <exception cref="ConfigurationException">A control file for SRS cannot be parsed.
    /// </exception>
    public async Task<(LookupVerdict Verdict, RecipientUser? User)> JudgeAsync(
        byte[] local, byte[] domain) => Srs?.Judge(local, domain) is { } verdict
            ? (verdict, null)
            : await JudgeAsync(local, domain, AliasesMax);

    private async Task<(LookupVerdict Verdict, RecipientUser? User)> JudgeAsync(
        byte[] local, byte[] domain, int aliases)
    {
        if (local.Length == 0)
        {
            return (LookupVerdict.Yes, null); // qmail-lspawn accepts it, and delivers nothing.
        }

        if (local.Contains((byte)0) || domain.Contains((byte)0))
        {
            return (LookupVerdict.No, null);
        }

        LookupResult found;
        lock (_lock)
        {
            found = lookup.Find(local, domain);
        }

        if (found == LookupResult.Nobody)
        {
            found = searchHost is null
                ? LookupResult.Trouble(SpawnCode.NoAlias)
                : lookup.Check(await searchHost(local));
        }

        return found.User is not { } user
                ? (SpawnCode.IsLasting(found.Code) ? LookupVerdict.No : LookupVerdict.Later, null)
            : user.Instructions is null ? (LookInHome(user, local, domain), user)
            : aliases == 0 ? (LookupVerdict.Yes, user)
            : (await JudgeTargetsAsync(user.Instructions, aliases - 1), user);
    }

    // An alias has the best verdict of its targets: mail that reaches one of them is not refused.
    private async Task<LookupVerdict> JudgeTargetsAsync(byte[] instructions, int aliases)
    {
        List<LookupVerdict> verdicts = [];
        foreach (string line in ByteText.ToText(instructions).Split('\n'))
        {
            if (line is ['&', .. string target])
            {
                verdicts.Add(await JudgeTargetAsync(ByteText.ToBytes(target), aliases));
            }
        }

        return verdicts.Contains(LookupVerdict.Yes) ? LookupVerdict.Yes
            : verdicts.Contains(LookupVerdict.Later) ? LookupVerdict.Later
            : verdicts.Contains(LookupVerdict.Full) ? LookupVerdict.Full
            : LookupVerdict.No;
    }

    private async Task<LookupVerdict> JudgeTargetAsync(byte[] target, int aliases)
    {
        try
        {
            if (route(target) is not { } address)
            {
                return LookupVerdict.Yes;
            }

            Address parts = new(address);
            return (await JudgeAsync(
                parts.Local.ToArray(), parts.Domain.ToArray(), aliases)).Verdict;
        }
        catch (ConfigurationException)
        {
            return LookupVerdict.Later;
        }
    }

    // Links that a user made are not followed. This process may see more than the user, and its
    // answers must not show senders what the user could not see. A link alone means that the
    // address exists.
    private static LookupVerdict LookInHome(RecipientUser user, byte[] local, byte[] domain)
    {
        try
        {
            using Beneath home = user.Below is { } below && user.Home.AsSpan().StartsWith(below)
                ? Beneath.Open(below, user.Home.AsSpan(below.Length))
                : new Beneath(user.Home);
            foreach ((byte[] name, byte[]? part) in DotQmailNames.Candidates(user.Dash, user.Ext))
            {
                FileStatus? file = home.TryStatus([.. name, 0], out int errno);
                if (file is { IsRegular: true })
                {
                    // An empty file means the default delivery.
                    return file.Value.Size == 0
                        ? QuotaOf(home)
                        : new KnownPrograms(
                            new UsersFiles(home, user.Uid), user, local, domain, part)
                            .Judge(Instructions(home, [.. name, 0]));
                }

                if (file is null && errno == Errno.Loop)
                {
                    return LookupVerdict.Yes;
                }

                if (file is null && !FileErrors.IsAbsent(errno))
                {
                    return LookupVerdict.Later;
                }
            }

            return user.Dash.Length > 0 ? LookupVerdict.No : QuotaOf(home);
        }
        catch (PosixException)
        {
            return LookupVerdict.Later;
        }
    }

    // A file that cannot be read counts as having no instructions, so the mail is accepted.
    private static byte[] Instructions(Beneath home, byte[] name)
    {
        int fd = home.TryOpen(name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        return BoundedFile.TryTake(fd, InstructionBytesMax, ref errno) ?? [];
    }

    private static LookupVerdict QuotaOf(Beneath home) =>
        MaildirSizeFile.IsFull(home) ? LookupVerdict.Full : LookupVerdict.Yes;
}
