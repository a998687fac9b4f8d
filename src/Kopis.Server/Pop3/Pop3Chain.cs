using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Server.Pop3;

/// <summary>The words <c>qmail-popup HOST checkpassword qmail-pop3d MAILDIR</c> on a listener's
/// command line.</summary>
/// <param name="Host">The host in the greeting's stamp.</param>
/// <param name="Maildir">The Maildir, relative to the user's home.</param>
internal sealed record Pop3Chain(byte[] Host, byte[] Maildir)
{
    /// <summary>How many words there are.</summary>
    internal const int Words = 5;

    /// <summary>Parses the words; null if a program of the chain is not ours.</summary>
    internal static Pop3Chain? Parse(ByteEnvironment environment, IReadOnlyList<byte[]> words) =>
        words.Count == Words
        && OwnProgram.NameOf(environment, words[2]) == "checkpassword"
        && OwnProgram.NameOf(environment, words[3]) == "qmail-pop3d"
            ? new Pop3Chain(words[1], words[4])
            : null;
}
