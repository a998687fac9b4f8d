using System.Globalization;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// <c>qmail-lookup --serve</c> answers the listeners' questions; <c>qmail-lookup ADDRESS</c> tells
/// an administrator what they would be told. Root only makes the socket: the rest is done by user
/// qmailp, who may besides read every file.
/// </summary>
public static class QmailLookupProgram
{
    private const string Reader = "--reader"; // Only from root to what it changes into.
    private const string ReadersUser = "qmailp";
    private const string ListenerVariable = "KOPIS_LISTENER"; // Its descriptor; likewise.
    private const int StandardError = 2;

    /// <summary>Runs it.</summary>
    public static int Run(ProgramContext context)
    {
        List<string> words = [.. context.Arguments.Select(word => ByteText.ToText(word))];
        bool isRoot = Processes.EffectiveUid == 0;
        bool isReader = words.Remove(Reader) && !isRoot;
        bool singleUser = words.Remove("--single-user") || (!isRoot && !isReader);
        bool serves = words is ["--serve"];
        if (!serves && words is not [[not '-', ..]])
        {
            Fd.WriteAll(StandardError, "usage: qmail-lookup ADDRESS\n"u8);
            return ExitCode.Permanent;
        }

        if (!singleUser && !isReader)
        {
            Socket? listener = serves ? LookupSocket.Listen(context.Home) : null;
            return BecomeReader(context, ByteText.ToBytes(words[0]), listener);
        }

        LookupDesk desk = new(context, singleUser);
        return !serves ? desk.Tell(ByteText.ToBytes(words[0]))
            : desk.Serve(isReader
                ? () => Inherited(context)
                : () => LookupSocket.Listen(context.Home));
    }

    private static Socket Inherited(ProgramContext context)
    {
        string? value = context.Environment.Text(ListenerVariable);
        context.Environment[ListenerVariable] = null;
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int fd)
            || !Fd.IsInherited(fd))
        {
            throw new ConfigurationException($"{Reader} is from root only");
        }

        Fd.SetCloseOnExec(fd);
        return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    /// <summary>Changes into the same program with that right alone, in all of its threads.
    /// </summary>
    private static int BecomeReader(ProgramContext context, byte[] word, Socket? listener)
    {
        UnixUser user = UnixUsers.ByName(ReadersUser)
            ?? throw new ConfigurationException($"unable to find user {ReadersUser}");
        ByteEnvironment environment = new(context.Environment);
        environment.SetText("KOPIS_HOME", context.Home);
        byte[][] words = ["qmail-lookup"u8.ToArray(), ByteText.ToBytes(Reader), word];
        try
        {
            if (listener is not null)
            {
                Fd.SetCloseOnExec((int)listener.Handle, on: false);
                environment.SetText(ListenerVariable, listener.Handle.ToString("d"));
            }

            new ProcessIdentity(user.Uid, user.Gid, [user.Gid]) { MayReadAll = true }
                .RunAs(() => Processes.Exec("/proc/self/exe", words, environment));
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }

        return ExitCode.Temporary;
    }
}
