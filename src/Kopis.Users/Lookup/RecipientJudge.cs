using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Quota;
using Kopis.Users.Recipients;

namespace Kopis.Users.Lookup;

/// <summary>
/// Whether a local address has a mailbox: what qmail-lspawn and qmail-local would find, asked
/// beforehand. Only what would bounce for good is No; all that they would try again is Later.
/// </summary>
/// <param name="lookup">Whose an address is, except for the host's own users.</param>
/// <param name="searchHost">Asks for those; null if they get no mail here.</param>
/// <param name="route">An address as the local channel has it, null if it is not local: for
/// the targets of aliases.</param>
public sealed class RecipientJudge(
    RecipientLookup lookup, Func<byte[], Task<LookupResult>>? searchHost,
    Func<byte[], byte[]?> route)
{
    private const int AliasesMax = 5; // Of aliases, one behind the other; then it is taken.

    private const int InstructionBytesMax = 16 * 1024; // What is longer is a list, and taken.

    private readonly Lock _lock = new(); // users/cdb is read anew by one thread at a time.

    /// <summary>Judges addresses of SRS; null: there are none.</summary>
    public SrsJudge? Srs { get; init; }

    /// <summary>Judges an address as its local channel has it, and says whose it is; or one of
    /// SRS, which is nobody's.</summary>
    /// <exception cref="ConfigurationException">A control file for those cannot be understood.
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
            return (LookupVerdict.Yes, null); // qmail-lspawn takes it, and delivers nothing.
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

    // An alias is as good as the best of its targets: mail that reaches one of them is not refused.
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

            int at = Array.LastIndexOf(address, (byte)'@');
            return (await JudgeAsync(address[..at], address[(at + 1)..], aliases)).Verdict;
        }
        catch (ConfigurationException)
        {
            return LookupVerdict.Later;
        }
    }

    // No link that a user made is followed: we may see more than he, and what he could not see, his
    // mail's senders cannot learn from us. That the link is there is all that counts.
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
                    // An empty one is the default delivery.
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

    // What cannot be read is no instruction, and the mail is taken.
    private static byte[] Instructions(Beneath home, byte[] name)
    {
        int fd = home.TryOpen(name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        return BoundedFile.TryTake(fd, InstructionBytesMax, ref errno) ?? [];
    }

    private static LookupVerdict QuotaOf(Beneath home) =>
        MaildirSizeFile.IsFull(home) ? LookupVerdict.Full : LookupVerdict.Yes;
}
