using System.Globalization;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Host.Migration;

/// <summary>
/// The members of the :include: lists of one alias. A list may be an ordinary user's, and what it
/// says is published: only addresses are taken from it, and another list is read only where the
/// one that names it is of who runs this.
/// </summary>
/// <param name="plan">Has what is not carried.</param>
/// <param name="entry">The alias.</param>
/// <param name="complete">Makes an address complete.</param>
internal sealed class IncludedLists(SitePlan plan, AliasEntry entry, Func<string, string> complete)
{
    /// <summary>What begins such a target.</summary>
    internal const string Word = ":include:";

    private const int ListsMax = 100; // Of one alias.
    private const int MembersMax = 100_000; // Of all of them.
    private const int WritableByOthers = 0x12; // 0022

    private readonly HashSet<string> _lists = new(StringComparer.Ordinal);
    private int _members;

    /// <summary>Adds the members of a list, each once however many lists lead to it.</summary>
    /// <param name="lines">For instructions of a .qmail file.</param>
    /// <param name="path">The list.</param>
    internal void Add(List<string> lines, string path)
    {
        if (!_lists.Add(path))
        {
            return;
        }

        string what = $"{entry.Name}: {Word}{path}";
        if (_lists.Count > ListsMax)
        {
            plan.Lose(entry.Line, what,
                string.Create(CultureInfo.InvariantCulture, $"more than {ListsMax} lists"));
            return;
        }

        if (Read(path, out bool isOurs, out string why) is not { } members)
        {
            plan.Lose(entry.Line, what, why);
            return;
        }

        foreach (ForeignLine member in ForeignText.Joined(members))
        {
            foreach (string target in AliasText.Split(member.Text) ?? [":"])
            {
                if (++_members > MembersMax)
                {
                    plan.Lose(entry.Line, entry.Name, string.Create(CultureInfo.InvariantCulture,
                        $"its lists have more than {MembersMax} addresses"));
                    return;
                }

                AddMember(lines, member, target, isOurs);
            }
        }

        plan.Notes.Add($"{entry.Line.File}:{entry.Line.Number}: {entry.Name}: the addresses of "
            + $"{path} are copied; what is written there later does not count");
    }

    // No loss shows the line: it may be one of any file.
    private void AddMember(List<string> lines, ForeignLine member, string target, bool isOurs)
    {
        if (target.StartsWith(Word, StringComparison.OrdinalIgnoreCase))
        {
            if (isOurs)
            {
                Add(lines, target[Word.Length..].Trim());
            }
            else
            {
                plan.Lose(member, "this line", "a list is read for another only where that and "
                    + "its directory are root's, and nobody else can write there");
            }
        }
        else if (AliasText.IsAddress(target) && complete(target) is var address
            && VirtualAddress.Check(address.ToLowerInvariant()) is null)
        {
            lines.Add($"&{address}");
        }
        else
        {
            plan.Lose(member, "this line", "a list may have addresses only");
        }
    }

    /// <summary>Reads a list. It is ours if only this user can have written it, and only this
    /// user has a say which file it is.</summary>
    private static List<ForeignLine>? Read(string path, out bool isOurs, out string why)
    {
        isOurs = false;
        try
        {
            using Beneath? tree = Beneath.TryOpenOwn(Path.GetDirectoryName(path) ?? "/");
            string name = Path.GetFileName(path);
            if (tree?.TryStatus(Fd.PathBytes(name), out _) is { IsRegular: true } status
                && status.Uid == Processes.EffectiveUid && (status.Mode & WritableByOthers) == 0)
            {
                isOurs = true;
                return ForeignText.TryRead(tree, name, path, out why);
            }
        }
        catch (PosixException)
        {
            // Reading it says why.
        }

        return ForeignText.TryRead(path, out why);
    }
}
