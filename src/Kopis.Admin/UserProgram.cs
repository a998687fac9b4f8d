using System.Text;
using Kopis.Base;
using Kopis.Control;
using Kopis.Posix;

namespace Kopis.Admin;

/// <summary><c>kopis user</c>: the virtual users of a home.</summary>
public static class UserProgram
{
    private const int PasswordBytesMax = 512;
    private const int PasswordBytesMin = 8;
    private const int HangUp = 1;
    private const string Usage = """
        usage: kopis user add ADDRESS [--password-file FILE]
               kopis user password ADDRESS [--password-file FILE]
               kopis user remove ADDRESS
               kopis user list

        Manages the virtual users of a mail host: addresses with a mailbox and a password that
        are no users of the system. An address without @ is one of control/me. The password is
        asked for, or is the first line of FILE (- is standard input); it is never an argument.
        A removed user's mail stays where it was. The home is KOPIS_HOME, else that of the
        program's own bin directory.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => ByteText.ToText(word))];
        if (words is ["--help" or "-h", ..])
        {
            Print(1, Usage);
            return ExitCode.Success;
        }

        try
        {
            return words switch
            {
                ["list"] => List(context),
                ["remove", string address] => Remove(context, address),
                ["add", string address, .. string[] rest] => Add(context, address, rest),
                ["password", string address, .. string[] rest] =>
                    ChangePassword(context, address, rest),
                _ => Misuse(),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static int Misuse()
    {
        Print(2, Usage);
        return ExitCode.Permanent;
    }

    private static int List(ProgramContext context)
    {
        foreach (VirtualMailbox user in new VirtualUsers(context.Home).List())
        {
            Print(1, user.Address + "\n");
        }

        return ExitCode.Success;
    }

    private static int Add(ProgramContext context, string name, string[] rest)
    {
        string address = Address(context, name);
        byte[] password = Password(rest);
        using VirtualUsersFile users = new(context.Home);
        if (users.Find(address) is not null)
        {
            throw Refused($"{address} exists already");
        }

        users.Add(address, PasswordHash.Create(password));
        Print(1, $"added {address}\n");
        ServeDomain(context, address[(address.LastIndexOf('@') + 1)..]);
        return ExitCode.Success;
    }

    private static int ChangePassword(ProgramContext context, string name, string[] rest)
    {
        string address = Address(context, name);
        byte[] password = Password(rest);
        using VirtualUsersFile users = new(context.Home);
        if (users.Find(address) is null)
        {
            throw Refused($"there is no user {address}");
        }

        users.Set(address, PasswordHash.Create(password));
        users.Save();
        Print(1, $"changed the password of {address}\n");
        return ExitCode.Success;
    }

    private static int Remove(ProgramContext context, string name)
    {
        string address = Address(context, name);
        using VirtualUsersFile users = new(context.Home);
        if (users.Find(address) is not { } user)
        {
            throw Refused($"there is no user {address}");
        }

        users.Remove(address);
        users.Save();
        Print(1, $"removed {address}; its mail stays in {user.Home}\n");
        return ExitCode.Success;
    }

    private static string Address(ProgramContext context, string name)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        string address = name.Contains('@')
            ? name
            : $"{name}@{ByteText.ToText(control.ReadLine("me") ?? [])}";
        address = address.ToLowerInvariant();
        return VirtualAddress.Check(address) is { } reason
            ? throw Refused($"{LogText.Safe(ByteText.ToBytes(address))}: {reason}")
            : address;
    }

    /// <summary>Makes a new domain one of this host's.</summary>
    private static void ServeDomain(ProgramContext context, string domain)
    {
        AddressMap map = AddressMap.Read(ControlDirectory.Of(context));
        map.Route(Encoding.ASCII.GetBytes($"x@{domain}"), out bool isLocal);
        if (isLocal)
        {
            return;
        }

        foreach (string file in (string[])["locals", "rcpthosts"])
        {
            AppendLine(context.In($"control/{file}"), domain);
        }

        string told = TellSend(context) ? "qmail-send was told" : "qmail-send is not running";
        Print(1, $"added {domain} to control/locals and control/rcpthosts; {told}\n");
    }

    private static void AppendLine(string path, string line)
    {
        string old = File.Exists(path) ? File.ReadAllText(path, Encoding.Latin1) : "";
        string separator = old.Length > 0 && old[^1] != '\n' ? "\n" : "";
        File.WriteAllText(path + ".tmp", $"{old}{separator}{line}\n", Encoding.Latin1);
        Paths.Rename(path + ".tmp", path);
    }

    /// <summary>SIGHUP to the qmail-send that holds the queue, if one does.</summary>
    private static bool TellSend(ProgramContext context)
    {
        string path = context.In("queue/lock/sendmutex");
        int fd = Fd.TryOpen(Fd.PathBytes(path), OpenFlags.ReadOnly, out _);
        if (fd < 0)
        {
            return false;
        }

        try
        {
            // Not by File: it locks what it opens, and this lock is qmail-send's.
            Span<byte> text = stackalloc byte[16];
            int length = Fd.ReadAt(fd, text, 0);
            return !Fd.TryLockExclusive(fd)
                && int.TryParse(ByteText.ToText(text[..length]).TrimEnd(), out int pid)
                && Processes.Signal(pid, HangUp);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static byte[] Password(string[] options)
    {
        byte[] password = options switch
        {
            [] => Terminal.AskTwice("Password: ", "Once more: ")
                ?? throw Refused("the two passwords differ"),
            ["--password-file", "-"] => FirstLine(0),
            ["--password-file", string file] => FirstLineOf(file),
            _ => throw Refused("after the address only --password-file FILE may stand"),
        };
        return password.Length < PasswordBytesMin
            ? throw Refused($"a password has at least {PasswordBytesMin} characters")
            : password.AsSpan().Contains((byte)0)
                ? throw Refused("a password has no NUL")
                : password;
    }

    private static byte[] FirstLineOf(string file)
    {
        int fd = Fd.Open(file, OpenFlags.ReadOnly);
        try
        {
            return FirstLine(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static byte[] FirstLine(int fd)
    {
        byte[] buffer = new byte[PasswordBytesMax + 1];
        int length = 0;
        int got;
        while (length < buffer.Length && (got = Fd.Read(fd, buffer.AsSpan(length))) > 0)
        {
            length += got;
        }

        int end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
        return end < 0 && length > PasswordBytesMax
            ? throw Refused($"a password has at most {PasswordBytesMax} bytes")
            : buffer.AsSpan(0, end < 0 ? length : end).TrimEnd((byte)'\r').ToArray();
    }

    private static ConfigurationException Refused(string why) => new(why, ExitCode.Permanent);

    private static void Print(int fd, string text) =>
        Fd.WriteAll(fd, Encoding.UTF8.GetBytes(text));
}
