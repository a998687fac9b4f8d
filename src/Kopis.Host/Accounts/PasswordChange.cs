using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Logins;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary><c>kopis user change-password</c>: changes a virtual user's own password for the
/// dashboard, which may not write users. The caller has to know the current password, and can guess
/// only slowly.</summary>
internal static class PasswordChange
{
    private const int InputBytesMax = 1024;
    private const int AddressBytesMax = 320; // RFC 5321 §4.5.3.1: 64 + "@" + 255.
    private static readonly TimeSpan WrongPause = TimeSpan.FromSeconds(3);

    /// <summary>Changes the password. The lines of standard input are the address, the current
    /// password and the new one.</summary>
    /// <returns>A line: <c>changed</c>, or the reason why not.</returns>
    internal static string Run(ProgramContext context)
    {
        try
        {
            return Change(context, ReadInput());
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            return $"{e.Message}\n"; // A socket passes on no exit status.
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
            Thread.Sleep(WrongPause); // Slows down guesses; two processes run at once.
            return "the current password is wrong\n";
        }

        byte[] password = NewPassword.Checked(Encoding.UTF8.GetBytes(wanted));
        string hash = PasswordHash.Create(password);
        using VirtualUsersFile users = new(context.Home);
        if (users.Find(user.Address)?.PasswordHash != user.PasswordHash)
        {
            return "it was changed at this moment by somebody else\n";
        }

        // Whatever opens the mailbox with the old password is removed first, even if the rest
        // fails.
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
