using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Logins;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary><c>kopis user change-password</c>: a virtual user's own change, for the dashboard,
/// which may not write users. Whoever asks has to know the current password, and finds out slowly.
/// </summary>
internal static class PasswordChange
{
    private const int InputBytesMax = 1024;
    private const int AddressBytesMax = 320; // RFC 5321 §4.5.3.1: 64 + "@" + 255.
    private static readonly TimeSpan WrongPause = TimeSpan.FromSeconds(3);

    /// <summary>Does it: address, current and new password are the lines of standard input.
    /// </summary>
    /// <returns>A line: <c>changed</c>, or why not.</returns>
    internal static string Run(ProgramContext context)
    {
        try
        {
            return Change(context, ReadInput());
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            return $"{e.Message}\n"; // The other end of a socket sees no exit status.
        }
    }

    private static string Change(ProgramContext context, string[] lines)
    {
        if (lines is not [{ } address, { } current, { } wanted, ""])
        {
            return "not three lines: address, current password, new password\n";
        }

        byte[] name = ByteText.ToBytes(address);
        VirtualMailbox? user = new VirtualUsers(context.Home).Find(name);
        string known = user is null || PasswordHash.IsLocked(user.PasswordHash)
            ? PasswordHash.Unmatchable : user.PasswordHash; // So all take the time of a check.
        if (!PasswordHash.Verify(known, Encoding.UTF8.GetBytes(current)) || user is null)
        {
            ErrorLog.Write("kopis user: change-password: wrong password for "
                + LogText.Safe(name.AsSpan(0, Math.Min(name.Length, AddressBytesMax))));
            Thread.Sleep(WrongPause); // A guess costs its process this time, and two run at once.
            return "the current password is wrong\n";
        }

        byte[] password = NewPassword.Checked(Encoding.UTF8.GetBytes(wanted));
        string hash = PasswordHash.Create(password);
        using VirtualUsersFile users = new(context.Home);
        if (users.Find(user.Address)?.PasswordHash != user.PasswordHash)
        {
            return "it was changed at this moment by somebody else\n";
        }

        // What opens the mailbox by the old password goes first, whatever becomes of the rest.
        UserProgram.SetApop(context, user.Address, null);
        users.Set(user.Address, hash);
        users.Save();
        return "changed\n";
    }

    private static string[] ReadInput()
    {
        byte[] input = new byte[InputBytesMax];
        int length = 0;
        int got;
        while (length < input.Length && (got = Fd.Read(0, input.AsSpan(length))) > 0)
        {
            length += got;
        }

        return Encoding.UTF8.GetString(input, 0, length).Split('\n');
    }
}
