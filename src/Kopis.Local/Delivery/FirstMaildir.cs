using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>
/// The Maildir of a user who never had one: the host's default delivery makes it, with his rights.
/// A path in his own .qmail file is his to make.
/// </summary>
internal static class FirstMaildir
{
    private const int OwnerOnly = 0x1C0; // 0700
    private static readonly string[] Parts = ["tmp", "new", "cur"];

    /// <summary>Makes it where nothing has its name, whole or not at all; where that fails the
    /// delivery will say why. Only a name in the home itself: else a disk that is not mounted would
    /// seem to be one that is new.</summary>
    /// <param name="home">The user's.</param>
    /// <param name="argument">Of the default delivery, <c>./NAME/</c>.</param>
    internal static void MakeMissing(byte[] home, ReadOnlySpan<byte> argument)
    {
        string name = ByteText.ToText(argument).TrimEnd('/');
        if (!name.StartsWith("./", StringComparison.Ordinal) || name[2..] is [] or ['.', ..]
            || name[2..].Contains('/') || !System.Text.Ascii.IsValid(name))
        {
            return;
        }

        try
        {
            using Beneath tree = new(home);
            if (tree.TryStatus(Fd.PathBytes(name[2..]), out int errno) is null
                && errno == Errno.NoEntry)
            {
                Make(tree, name[2..]);
            }
        }
        catch (PosixException)
        {
            // As said.
        }
    }

    private static void Make(Beneath tree, string name)
    {
        string temporary = $".{name}.{Guid.NewGuid():n}";
        try
        {
            tree.MakeDirectory(temporary, OwnerOnly);
            foreach (string part in Parts)
            {
                tree.MakeDirectory($"{temporary}/{part}", OwnerOnly);
            }

            tree.SyncDirectory(temporary);
            tree.Rename(temporary, name); // Not over one that was faster: that is not empty.
            tree.SyncDirectory("");
        }
        catch (PosixException)
        {
            foreach (string part in Parts)
            {
                tree.TryRemoveDirectory($"{temporary}/{part}");
            }

            tree.TryRemoveDirectory(temporary);
        }
    }
}
