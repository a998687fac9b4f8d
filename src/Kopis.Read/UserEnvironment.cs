using System.Text;
using Kopis.Base;
using Kopis.Users;

namespace Kopis.Read;

/// <summary>What checkpassword sets for the program of a user (contract §10.2).</summary>
internal static class UserEnvironment
{
    internal static ByteEnvironment For(ByteEnvironment before, Account account)
    {
        ByteEnvironment environment = new(before);
        environment["USER"] = Encoding.UTF8.GetBytes(account.Name);
        environment["HOME"] = Encoding.UTF8.GetBytes(account.Home);
        environment["SHELL"] = Encoding.UTF8.GetBytes(account.Shell);
        return environment;
    }
}
