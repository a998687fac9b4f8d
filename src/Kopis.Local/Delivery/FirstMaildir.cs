using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>Makes the Maildir of a user who never had one, for the host's default delivery and with
/// the user's rights. A path in the user's own .qmail file is not made.</summary>
internal static class FirstMaildir
{
    private const int OwnerOnly = 0x1C0; // 0700
    private static readonly string[] Parts = ["tmp", "new", "cur"];

    /// <summary>Makes the Maildir if its name does not exist, whole or not at all. If that fails,
    /// the delivery will report why. Only a name directly in the home is made; otherwise a disk
    /// that is not mounted would look like a new one.</summary>
    /// <param name="home">The user's home.</param>
    /// <param name="argument">The argument of the default delivery, <c>./NAME/</c>.</param>
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
            // The delivery will report why.
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
            tree.Rename(temporary, name); // Fails if one was made meanwhile.
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
