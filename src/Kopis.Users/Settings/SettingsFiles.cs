using System.Text;
using Kopis.Posix;

namespace Kopis.Users.Settings;

/// <summary>The files in a user's home that <see cref="UserSettings"/> are in, read and written as
/// that user: <c>.qmail</c> and <c>.vacation.msg</c>.</summary>
/// <param name="home">The home.</param>
internal sealed class SettingsFiles(string home)
{
    private const string Instructions = ".qmail";
    private const string Answer = ".vacation.msg";
    private const string Answered = ".vacation.senders";
    private const string Head = "Subject: Auto: $SUBJECT\n\n";
    private const int FileBytesMax = 64 * 1024; // vacation(1) refuses larger answers.
    private const int OwnerFile = 0x180; // 0600

    // Two sessions of a user write one after another.
    private static readonly Lock Writing = new();

    /// <summary>Reads them.</summary>
    /// <exception cref="IOException">They are not to be read, or say more than this.</exception>
    internal UserSettings Read()
    {
        using Beneath tree = Open();
        return Read(tree, out _);
    }

    /// <summary>Writes them; each file appears whole, or not at all.</summary>
    /// <exception cref="IOException">They will not do, or cannot be written.</exception>
    internal UserSettings Write(UserSettings settings)
    {
        if (settings.Fault() is { } fault)
        {
            throw new IOException(fault);
        }

        using Lock.Scope one = Writing.EnterScope();
        using Beneath tree = Open();
        UserSettings before = Read(tree, out MailInstructions instructions);
        if (settings.AwayText != before.AwayText)
        {
            Replace(tree, Answer, Encoding.UTF8.GetBytes(settings.AwayText.Length == 0
                ? "" : $"{Head}{settings.AwayText.TrimEnd('\n')}\n"));
        }

        if (settings.IsAway && !before.IsAway)
        {
            tree.TryUnlink(Answered); // Who was answered the last time is answered again.
        }

        Replace(tree, Instructions, instructions.With(settings));
        return Read(tree, out _);
    }

    private Beneath Open() => Beneath.TryOpenOwn(home)
        ?? throw new IOException("the home is not its user's alone");

    private static UserSettings Read(Beneath tree, out MailInstructions instructions)
    {
        instructions = MailInstructions.Parse(ReadOne(tree, Instructions))
            ?? throw new IOException(
                "the file .qmail has instructions that this page does not know; change it by hand");
        string text = Encoding.UTF8.GetString(ReadOne(tree, Answer)).ReplaceLineEndings("\n");
        int end = text.StartsWith("Subject:", StringComparison.OrdinalIgnoreCase)
            ? text.IndexOf("\n\n", StringComparison.Ordinal) : -1;
        return new UserSettings(
            instructions.Forwards, instructions.HasMailbox, instructions.HasVacation,
            (end < 0 ? text : text[(end + 2)..]).TrimEnd('\n'));
    }

    private static byte[] ReadOne(Beneath tree, string name) =>
        tree.TryReadFile(name, FileBytesMax, out int errno, Processes.EffectiveUid)
        ?? (errno == Errno.NoEntry ? [] : throw new PosixException($"read {name}", errno));

    private static void Replace(Beneath tree, string name, byte[] content)
    {
        if (content.Length == 0)
        {
            tree.TryUnlink(name);
            tree.SyncDirectory("");
            return;
        }

        tree.Replace(name, $"{name}.kopis-new", content, OwnerFile);
    }
}
