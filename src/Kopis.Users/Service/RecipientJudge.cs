using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// Whether a local address has a mailbox: what qmail-lspawn and qmail-local would find, asked
/// beforehand. Only what would bounce for good is No; all that they would try again is Later.
/// </summary>
/// <param name="lookup">Whose an address is, but for the host's own users.</param>
/// <param name="searchHost">Asks for those; null where they get no mail here.</param>
/// <param name="route">An address as the local channel has it, null where it is not local: for
/// the targets of aliases.</param>
public sealed class RecipientJudge(
    RecipientLookup lookup, Func<byte[], LookupResult>? searchHost, Func<byte[], byte[]?> route)
{
    private const int AliasesMax = 5; // Of aliases, one behind the other; then it is taken.

    private readonly Lock _lock = new(); // users/cdb is read anew by one thread at a time.

    /// <summary>Judges an address as its local channel has it.</summary>
    public LookupVerdict Judge(byte[] local, byte[] domain) => Judge(local, domain, out _);

    /// <summary>Judges an address, and tells whose it is.</summary>
    public LookupVerdict Judge(byte[] local, byte[] domain, out RecipientUser? user) =>
        Judge(local, domain, AliasesMax, out user);

    private LookupVerdict Judge(
        byte[] local, byte[] domain, int aliases, out RecipientUser? user)
    {
        user = null;
        if (local.Length == 0)
        {
            return LookupVerdict.Yes; // qmail-lspawn takes it, and delivers nothing.
        }

        if (local.Contains((byte)0) || domain.Contains((byte)0))
        {
            return LookupVerdict.No;
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
                : lookup.Check(searchHost(local));
        }

        user = found.User;
        return user is null
            ? (SpawnCode.IsLasting(found.Code) ? LookupVerdict.No : LookupVerdict.Later)
            : user.Instructions is null ? LookInHome(user)
            : aliases == 0 ? LookupVerdict.Yes
            : JudgeTargets(user.Instructions, aliases - 1);
    }

    // An alias is as good as the best of its targets: mail that reaches one of them is not refused.
    private LookupVerdict JudgeTargets(byte[] instructions, int aliases)
    {
        List<LookupVerdict> verdicts = [];
        ReadOnlySpan<byte> lines = instructions;
        foreach (Range line in lines.Split((byte)'\n'))
        {
            if (lines[line] is [(byte)'&', .. ReadOnlySpan<byte> target])
            {
                verdicts.Add(JudgeTarget(target.ToArray(), aliases));
            }
        }

        return verdicts.Contains(LookupVerdict.Yes) ? LookupVerdict.Yes
            : verdicts.Contains(LookupVerdict.Later) ? LookupVerdict.Later
            : verdicts.Contains(LookupVerdict.Full) ? LookupVerdict.Full
            : LookupVerdict.No;
    }

    private LookupVerdict JudgeTarget(byte[] target, int aliases)
    {
        try
        {
            if (route(target) is not { } address)
            {
                return LookupVerdict.Yes;
            }

            int at = Array.LastIndexOf(address, (byte)'@');
            return Judge(address[..at], address[(at + 1)..], aliases, out _);
        }
        catch (ConfigurationException)
        {
            return LookupVerdict.Later;
        }
    }

    // No link that a user made is followed: we may see more than he, and what he could not see, his
    // mail's senders cannot learn from us. That the link is there is all that counts.
    private static LookupVerdict LookInHome(RecipientUser user)
    {
        try
        {
            using Beneath home = new(user.Home);
            foreach ((byte[] name, _) in DotQmailNames.Candidates(user.Dash, user.Ext))
            {
                FileStatus? file = home.TryStatus([.. name, 0], out int errno);
                if (file is { IsRegular: true })
                {
                    // What it says is the user's business: only an empty one is the default
                    // delivery.
                    return file.Value.Size == 0 ? QuotaOf(home) : LookupVerdict.Yes;
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

    private static LookupVerdict QuotaOf(Beneath home) =>
        MaildirSizeFile.IsFull(home) ? LookupVerdict.Full : LookupVerdict.Yes;
}
