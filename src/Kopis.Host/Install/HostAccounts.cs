using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>The users and groups of the manifest on this host.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="tools">Runs the host's own programs.</param>
internal sealed class HostAccounts(string home, HostTools tools)
{
    /// <summary>The users and groups that are missing or not as they should be.</summary>
    internal IEnumerable<Finding> Check()
    {
        foreach (string group in HomeManifest.Groups)
        {
            if (UnixGroups.ByName(group) is null)
            {
                yield return new Finding(
                    $"there is no group {group}", () => tools.Run("groupadd", "--system", group));
            }
        }

        foreach (HomeUser user in HomeManifest.Users)
        {
            UnixUser? known = UnixUsers.ByName(user.Name);
            if (known is null)
            {
                yield return new Finding($"there is no user {user.Name}", () => Add(user));
            }
            else if (known.Gid != UnixGroups.ByName(user.Group))
            {
                yield return new Finding($"user {user.Name} is not of group {user.Group}", null);
            }
            else if (known.Uid == 0)
            {
                yield return new Finding($"user {user.Name} is root by another name", null);
            }
            else if (user.Home.Length > 0 && known.Home.TrimEnd('/') != HomeOf(user))
            {
                yield return new Finding(
                    $"user {user.Name} is at home in {known.Home}, not in {HomeOf(user)}, where "
                        + "its .qmail files are: mail to postmaster bounces",
                    () => tools.Run("usermod", "--home", HomeOf(user), user.Name), IsAsked: true);
            }
        }
    }

    /// <summary>The home directory of a user of the manifest.</summary>
    internal string HomeOf(HomeUser user) => Path.Combine(home, user.Home).TrimEnd('/');

    private void Add(HomeUser user) => tools.Run(
        "useradd", "--system", "--no-create-home", "--gid", user.Group, "--home-dir",
        HomeOf(user), "--shell", "/usr/sbin/nologin", user.Name);
}
