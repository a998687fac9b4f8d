using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary>Code that the commands for virtual users share.</summary>
internal static class AccountCommand
{
    private const string PasswordFile = "--password-file";
    private const int OthersMayRead = 0x12; // umask 022.

    /// <summary>Runs a program with several commands. A null command means wrong usage.</summary>
    /// <param name="context">What the program is given.</param>
    /// <param name="usage">How to use it.</param>
    /// <param name="command">Runs the command that the words name, and returns the text to print.
    /// </param>
    /// <param name="directory">The directory of the home where the command works, as its owner.
    /// </param>
    internal static int Run(
        ProgramContext context, string usage, Func<string[], string?> command,
        string directory = "users")
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        if (words.Any(word => word is "--help" or "-h"))
        {
            Print(1, usage);
            return ExitCode.Success;
        }

        // All users of Kopis read control files, whatever the caller's umask.
        Processes.SetFileModeMask(OthersMayRead);

        try
        {
            context = WithPasswordOpen(context, words);
            words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];

            // The home of a `kopis run`, for example, belongs to its user, and so must our files
            // there.
            OwnerWork.GoOnAsOwnerOf(context.In(directory), context);
            if (command(words) is { } text)
            {
                Print(1, text);
                return ExitCode.Success;
            }

            Print(2, usage);
            return ExitCode.Permanent;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    /// <summary>Opens a file that root names, as root, and makes it standard input: the user that
    /// the program becomes may not be able to read it.</summary>
    private static ProgramContext WithPasswordOpen(ProgramContext context, string[] words)
    {
        int at = Array.IndexOf(words, PasswordFile) + 1;
        if (Processes.EffectiveUid != 0 || at == 0 || at >= words.Length || words[at] == "-")
        {
            return context;
        }

        int fd = Fd.Open(words[at], OpenFlags.ReadOnly);
        Descriptors.Place((fd, 0));
        Fd.Close(fd);
        byte[][] arguments = [.. context.Arguments];
        arguments[at] = "-"u8.ToArray();
        return context with { Arguments = arguments };
    }

    /// <summary>An address as given, or one at the domain of control/me, in lower case.</summary>
    /// <exception cref="ConfigurationException">The address is not acceptable.</exception>
    internal static string Address(ProgramContext context, string word)
    {
        if (!word.Contains('@'))
        {
            byte[] me = ControlDirectory.Of(context).ReadLine(HostFiles.Me)
                ?? throw Refused($"{Safe(word)} has no @, and there is no control/me");
            word = $"{word}@{ByteText.ToText(me)}";
        }

        word = word.ToLowerInvariant();
        return VirtualAddress.Check(word) is { } reason
            ? throw Refused($"{Safe(word)}: {reason}")
            : word;
    }

    /// <summary>A domain, in lower case.</summary>
    /// <exception cref="ConfigurationException">The domain is not acceptable.</exception>
    internal static string Domain(string word)
    {
        word = word.ToLowerInvariant();
        return VirtualAddress.Check("x@" + word) is { } reason
            ? throw Refused($"{Safe(word)}: {reason}")
            : word;
    }

    /// <summary>The targets of an alias, as given or at the domain of control/me, in lower case.
    /// </summary>
    /// <exception cref="ConfigurationException">A target is not acceptable.</exception>
    internal static string[] Targets(ProgramContext context, IEnumerable<string> words)
    {
        string[] targets = [.. words.Select(word => Address(context, word))];
        return VirtualAliases.Check(targets) is { } reason ? throw Refused(reason) : targets;
    }

    /// <summary>Reports faults of tables that do not stop the command.</summary>
    internal static void Warn(IEnumerable<string> faults)
    {
        foreach (string fault in faults)
        {
            Print(2, $"warning: {fault}\n");
        }
    }

    internal static string Safe(string text) => LogText.Safe(Encoding.UTF8.GetBytes(text));

    internal static ConfigurationException Refused(string why) => new(why, ExitCode.Permanent);

    private static void Print(int fd, string text) =>
        Fd.WriteAll(fd, Encoding.UTF8.GetBytes(text));
}
